//! Sentinels, which know where the master of a name is: [what is expected of their
//! clients](https://redis.io/docs/latest/develop/reference/sentinel-clients/), and of each connection that
//! it ends when the master has moved.

mod asked;
mod latest;
mod lookout;
mod url;
mod votes;

use std::sync::Arc;
use std::time::Duration;

use redis::{ConnectionAddr, Value};
use tokio::sync::watch;
use tokio::time::timeout;

use super::super::changes::Changes;
use super::super::credentials::Provider;
use super::super::{Class, Fault, Store};
use super::server::{Address, Kind, Server};
use super::way::{Way, late};
use super::{Link, clear, connect, faults, reply};
use latest::Latest;
use lookout::Turns;
use url::Named;

use crate::said;

/// The master of this URL, wherever it is; the error says what is wrong with it. The provider is asked who
/// we are to the servers, not to the sentinels.
pub(super) fn open(
    url: &str,
    shown: String,
    provider: Option<Provider>,
) -> Result<Arc<dyn Store>, String> {
    let named = Named::of(url)?;
    connect::known(&named.servers, provider.as_ref())?;
    let place = named.place();
    let mut way = Way::of(named.servers);
    #[cfg_attr(not(feature = "tls"), expect(unused_mut, reason = "of TLS"))]
    let mut to_sentinels = Way::of(named.sentinels);
    #[cfg(feature = "tls")]
    if let Some(seat) = named.seats.first() {
        way.tls = super::tls::Tls::set(url, seat)?;
        to_sentinels.tls = way.tls.clone();
    }
    way.provider = provider;
    for way in [&way, &to_sentinels] {
        clear::warn(&shown, way, &named.seats);
    }
    let sentinels = Sentinels(Arc::new(Post {
        name: named.name,
        seats: named.seats,
        way: to_sentinels,
        latest: Latest::default(),
        found: watch::Sender::new(None),
        turns: Turns::default(),
    }));
    let address = Address::Watched(sentinels);
    Ok(Arc::new(Server::new(address, way, shown, place)))
}

/// Those of one master.
pub(super) struct Sentinels(Arc<Post>);

struct Post {
    /// The master's.
    name: String,
    seats: Vec<ConnectionAddr>,
    /// To the sentinels, who have users of their own.
    way: Way,
    /// Who has heard of less is not believed.
    latest: Latest,
    /// Where the master was when it was looked for last.
    found: watch::Sender<Option<ConnectionAddr>>,
    turns: Turns,
}

/// How long one of several that may be the master may take to let us in.
const LET_IN_WITHIN: Duration = Duration::from_secs(1);

impl Sentinels {
    /// A connection to the master, which ends when that has moved.
    pub(super) async fn enter(
        &self,
        way: &Way,
        kind: Kind<'_>,
    ) -> Result<(Link, Option<Changes>), Fault> {
        let votes = self.0.ask().await?;
        let addresses: Vec<_> = votes.addresses().collect();
        let mut first = None;
        for (n, address) in addresses.iter().enumerate() {
            let entered = enter_master(way, address, kind);
            let entered = if n + 1 < addresses.len() {
                within(LET_IN_WITHIN, address, entered).await
            } else {
                entered.await
            };
            match entered {
                Ok((link, changes)) => {
                    if n == 0 {
                        self.0.found.send_replace(Some((*address).clone()));
                    }
                    let lookout = Arc::clone(&self.0).look_out((*address).clone(), way.clone());
                    link.0.until(Box::pin(lookout));
                    return Ok((link, changes));
                }
                Err(fault) => {
                    first.get_or_insert_with(|| Fault {
                        class: fault.class,
                        why: format!("{address}: {}", fault.why),
                        is_answer: fault.is_answer,
                    });
                }
            }
        }
        Err(first.unwrap_or_else(|| faults::unexpected("no address")))
    }
}

async fn enter_master(
    way: &Way,
    address: &ConnectionAddr,
    kind: Kind<'_>,
) -> Result<(Link, Option<Changes>), Fault> {
    let (link, changes) = kind.open(way, address).await?;
    check_role(&link, address).await?;
    Ok((link, changes))
}

/// [ROLE](https://redis.io/docs/latest/commands/role/): a sentinel may not have heard that it is another's
/// by now. Where we may not ask, a write tells.
async fn check_role(link: &Link, address: &ConnectionAddr) -> Result<(), Fault> {
    let role = match link.ask(&redis::cmd("ROLE")).await {
        Err(fault) if fault.class == Class::Denied => {
            if said::is_news(format!("{address} {fault}")) {
                tracing::warn!(
                    target: "stream_events",
                    "{address} does not tell whether it is the master: where it is none any more, it is left at the first \
                     write alone ({fault})"
                );
            }
            return Ok(());
        }
        role => role?,
    };
    let role = match role {
        Value::Array(parts) => parts.into_iter().next().map(reply::bytes),
        _ => None,
    };
    match role.as_deref() {
        Some(b"master") => Ok(()),
        role => {
            let role = String::from_utf8_lossy(role.unwrap_or_default());
            let why = format!("the sentinels name it the master, and it says `{role}` of itself");
            Err(Fault::new(Class::Connection, why))
        }
    }
}

async fn within<T>(
    time: Duration,
    address: &ConnectionAddr,
    answer: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let is_late = |_| Err(Fault::new(Class::Connection, late(address)));
    timeout(time, answer).await.unwrap_or_else(is_late)
}
