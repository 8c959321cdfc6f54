//! Something for many keys, spread over the servers that have them: each gets its part in one piece, all
//! at once, and none waits for another.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};

use super::super::super::{BoxFuture, Class, Fault};
use super::super::Link;
use super::nodes::{Nodes, Target};

/// What is asked for each of many keys.
pub(super) trait Errand: 'static {
    type Item: Clone + Send + Sync + 'static;
    type Answer: Send + 'static;

    fn key(item: &Self::Item) -> &str;

    /// Asks one server, at the call. An error is of the way there, but for one item.
    fn ask(
        link: &Link,
        items: Vec<Self::Item>,
    ) -> BoxFuture<'static, Result<Vec<Self::Answer>, Fault>>;

    /// Why it was not done, where that was refused as a whole.
    fn refusal(answer: &Self::Answer) -> Option<&Fault>;

    fn refused(item: &Self::Item, fault: &Fault) -> Self::Answer;

    /// What it is that it was not even sent.
    fn unsent() -> Class;

    /// How long it may take; none where the link itself says that.
    fn time(items: &[Self::Item]) -> Option<Duration>;
}

/// What goes to one server.
struct Part<E: Errand> {
    /// None where nobody has the slot.
    to: Option<Target>,
    /// How often these were sent on.
    hops: u32,
    places: Vec<usize>,
    items: Vec<E::Item>,
}

type Outcome<E> = Result<<E as Errand>::Answer, Fault>;
type Sent<E> = (
    Link,
    BoxFuture<'static, Result<Vec<<E as Errand>::Answer>, Fault>>,
);

/// Asks for all of them, at the call as far as there are links, and gives the answers in the items' order.
pub(super) fn spread<E: Errand>(
    nodes: &Arc<Nodes>,
    items: Vec<E::Item>,
) -> BoxFuture<'static, Result<Vec<E::Answer>, Fault>> {
    if let Some(fault) = nodes.fault() {
        return Box::pin(std::future::ready(Err(fault)));
    }
    let mut parts = Parts::<E>::default();
    for (place, item) in items.iter().enumerate() {
        parts.add(nodes.owner(E::key(item)), 0, place, item.clone());
    }
    let sent = parts.0.into_values().map(|part| {
        let link = part.to.as_ref().and_then(|to| nodes.ready(to));
        let sent = link.map(|link| {
            let answered = E::ask(&link, part.items.clone());
            (link, answered)
        });
        (part, sent)
    });
    let sent: Vec<_> = sent.collect();
    let nodes = Arc::clone(nodes);
    Box::pin(async move {
        let mut answers: Vec<Option<E::Answer>> = items.iter().map(|_| None).collect();
        let at_work = sent
            .into_iter()
            .map(|(part, sent)| asked(&nodes, part, sent));
        let mut at_work: FuturesUnordered<_> = at_work.collect();
        while let Some((part, outcomes)) = at_work.next().await {
            let mut again = Parts::<E>::default();
            for ((place, item), outcome) in part.each().zip(outcomes) {
                match settled::<E>(&nodes, &part, item, outcome) {
                    Ok(answer) => answers[place] = Some(answer),
                    Err(to) => again.add(Some(to), part.hops + 1, place, item.clone()),
                }
            }
            for part in again.0.into_values() {
                at_work.push(asked(&nodes, part, None));
            }
        }
        let missing = |item| E::refused(item, &Fault::new(Class::Away, "no answer"));
        let answers = answers.into_iter().zip(&items);
        Ok(answers
            .map(|(answer, item)| answer.unwrap_or_else(|| missing(item)))
            .collect())
    })
}

/// What came of one of them, or where it is to be sent next.
fn settled<E: Errand>(
    nodes: &Arc<Nodes>,
    part: &Part<E>,
    item: &E::Item,
    outcome: Outcome<E>,
) -> Result<E::Answer, Target> {
    let fault = match &outcome {
        Ok(answer) => E::refusal(answer),
        Err(fault) => Some(fault),
    };
    match fault {
        Some(fault) if fault.class == Class::Elsewhere => {
            let next = part
                .to
                .as_ref()
                .and_then(|by| nodes.redirected(E::key(item), fault, by));
            match next.filter(|_| part.hops < MOST_HOPS) {
                Some(next) => return Err(next),
                None => return Ok(E::refused(item, &Fault::new(Class::Later, DISAGREE))),
            }
        }
        Some(fault) if fault.why.starts_with(DOWN) => nodes.ask_others(),
        _ => {}
    }
    Ok(outcome.unwrap_or_else(|fault| E::refused(item, &fault)))
}

/// Asks one server. What was not sent before is sent now.
async fn asked<E: Errand>(
    nodes: &Arc<Nodes>,
    part: Part<E>,
    sent: Option<Sent<E>>,
) -> (Part<E>, Vec<Outcome<E>>) {
    let all = |fault: &Fault| part.items.iter().map(|_| Err(fault.clone())).collect();
    let Some(to) = &part.to else {
        nodes.ask_others();
        let outcomes = all(&Fault::new(E::unsent(), "no server has the slot just now"));
        return (part, outcomes);
    };
    let (link, answered) = match sent {
        Some(sent) => sent,
        None => match nodes.link(to).await {
            Ok(link) => {
                let answered = E::ask(&link, part.items.clone());
                (link, answered)
            }
            Err(mut fault) => {
                if matches!(fault.class, Class::Away | Class::Connection) {
                    fault.class = E::unsent();
                }
                let outcomes = all(&fault);
                return (part, outcomes);
            }
        },
    };
    let answered = match E::time(&part.items) {
        Some(time) => nodes.within(time, to, answered).await,
        None => answered.await,
    };
    let outcomes = match answered {
        Ok(answers) => {
            nodes.answered(to);
            answers.into_iter().map(Ok).collect()
        }
        Err(fault) if fault.class == Class::Connection => all(&nodes.lost(to, &link, &fault)),
        // Of several the others may have been done.
        Err(fault) if fault.class == Class::Elsewhere && part.items.len() > 1 => {
            all(&Fault::new(Class::Away, fault))
        }
        Err(fault) => all(&fault),
    };
    (part, outcomes)
}

struct Parts<E: Errand>(HashMap<Option<Target>, Part<E>>);

impl<E: Errand> Default for Parts<E> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<E: Errand> Parts<E> {
    fn add(&mut self, to: Option<Target>, hops: u32, place: usize, item: E::Item) {
        let part = self.0.entry(to).or_insert_with_key(|to| Part {
            to: to.clone(),
            hops,
            places: Vec::new(),
            items: Vec::new(),
        });
        part.places.push(place);
        part.items.push(item);
    }
}

impl<E: Errand> Part<E> {
    fn each(&self) -> impl Iterator<Item = (usize, &E::Item)> {
        self.places.iter().copied().zip(&self.items)
    }
}

/// Slots move one at a time: more in a row are servers that do not agree.
pub(super) const MOST_HOPS: u32 = 5;
pub(super) const DISAGREE: &str = "the servers do not agree on who has the slot";
/// Said where too many servers are away, or a failover is on its way.
pub(super) const DOWN: &str = "CLUSTERDOWN";
