//! What is asked for one key, at the server that has it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::super::super::{BoxFuture, Class, Fault};
use super::super::Link;
use super::nodes::{Nodes, PATIENCE, Target};
use super::spread::{DISAGREE, DOWN, MOST_HOPS};

/// Asks for the key at the call, where there is a link. What is not applied at one server, as it does not have
/// the slot, is asked of the next.
pub(super) fn route<T: Send + 'static>(
    nodes: &Arc<Nodes>,
    key: &str,
    ask: impl Fn(&Link, &str) -> BoxFuture<'static, Result<T, Fault>> + Send + Sync + 'static,
) -> BoxFuture<'static, Result<T, Fault>> {
    if let Some(fault) = nodes.fault() {
        return Box::pin(std::future::ready(Err(fault)));
    }
    let owner = nodes.owner(key);
    let link = owner.as_ref().and_then(|to| nodes.ready(to));
    let mut sent = link.map(|link| {
        let answered = ask(&link, key);
        (link, answered)
    });
    let (nodes, key) = (Arc::clone(nodes), key.to_owned());
    Box::pin(async move {
        let Some(mut to) = owner else {
            nodes.ask_others();
            return Err(Fault::new(Class::Away, "no server has the slot just now"));
        };
        for _ in 0..=MOST_HOPS {
            let (link, answered) = match sent.take() {
                Some(sent) => sent,
                None => {
                    let link = nodes.link(&to).await?;
                    let answered = ask(&link, &key);
                    (link, answered)
                }
            };
            match within(&nodes, &to, &link, answered).await {
                Err(fault) if fault.class == Class::Elsewhere => {
                    let next = nodes.redirected(&key, &fault, &to);
                    to = next.ok_or_else(|| Fault::new(Class::Later, DISAGREE))?;
                }
                Err(fault) if fault.class == Class::Connection => {
                    return Err(nodes.lost(&to, &link, &fault));
                }
                answer => {
                    match &answer {
                        Err(fault) if fault.why.starts_with(DOWN) => nodes.ask_others(),
                        _ => nodes.answered(&to),
                    }
                    return answer;
                }
            }
        }
        Err(Fault::new(Class::Later, DISAGREE))
    })
}

/// Whether what is sent elsewhere is so for this once: `ASK 3999 host:port`, as opposed to `MOVED …`.
pub(super) fn asks(sent: &Fault) -> bool {
    sent.why.rsplit(' ').nth(2) == Some("ASK")
}

/// A publisher's requests are few at a time: one server that says nothing does not hold up what is for others. One
/// whose answer is long is let say it, within the time that the link itself gives.
async fn within<T>(
    nodes: &Arc<Nodes>,
    to: &Target,
    link: &Link,
    mut answered: BoxFuture<'static, Result<T, Fault>>,
) -> Result<T, Fault> {
    if !nodes.epochs.matter() {
        return answered.await;
    }
    let mut time = PATIENCE;
    loop {
        match timeout(time, &mut answered).await {
            Ok(answer) => return answer,
            Err(_) if link.0.pulse().is_silent(PATIENCE) => return Err(nodes.unanswered(to)),
            Err(_) => time = AGAIN,
        }
    }
}

/// How soon it is looked again whether it says something.
const AGAIN: Duration = Duration::from_millis(100);
