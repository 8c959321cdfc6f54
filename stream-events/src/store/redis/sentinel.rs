//! Sentinels, which know where the master of a name is: [what is expected of their
//! clients](https://redis.io/docs/latest/develop/reference/sentinel-clients/), and of each connection that
//! it ends when the master has moved.

mod lookout;
mod url;
mod votes;

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use redis::{ConnectionAddr, Value};
use tokio::sync::watch;
use tokio::time::timeout;

use super::super::changes::Changes;
use super::super::credentials::Provider;
use super::super::{Class, Fault, Purpose, Store};
use super::server::{Address, Kind, Server};
use super::way::{Way, late};
use super::{Link, clear, connect, faults, reply};
use lookout::Turns;
use url::Named;
use votes::Votes;

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
        found: watch::Sender::new(None),
        turns: Turns::default(),
    }));
    let server = Server::new(Address::Watched(sentinels), way, shown);
    Ok(Arc::new(server.at_place(place)))
}

/// Those of one master.
pub(super) struct Sentinels(Arc<Post>);

struct Post {
    /// The master's.
    name: String,
    seats: Vec<ConnectionAddr>,
    /// To the sentinels, who have users of their own.
    way: Way,
    /// Where the master was when it was looked for last.
    found: watch::Sender<Option<ConnectionAddr>>,
    turns: Turns,
}

/// How long a sentinel may take to answer.
const ANSWERED_IN: Duration = Duration::from_secs(2);
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

impl Post {
    /// Where the master is. All sentinels are asked at once, until most of them say the same: one alone
    /// may not have heard yet.
    async fn ask(&self) -> Result<Votes, Fault> {
        let ask = async |seat| (seat, within(ANSWERED_IN, seat, self.ask_one(seat)).await);
        let mut asked: FuturesUnordered<_> = self.seats.iter().map(ask).collect();
        let mut votes = Votes::of(self.seats.len());
        while let Some((seat, answer)) = asked.next().await {
            votes.add(seat, answer);
            if votes.are_decided() {
                break;
            }
        }
        votes.given(&self.name)
    }

    /// [SENTINEL GET-MASTER-ADDR-BY-NAME](
    /// https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/#sentinel-commands); none
    /// where this one knows no such name.
    async fn ask_one(&self, seat: &ConnectionAddr) -> Result<Option<ConnectionAddr>, Fault> {
        let sentinel = self.way.open(seat, Purpose::Prompt).await?;
        let mut command = redis::cmd("SENTINEL");
        command.arg("GET-MASTER-ADDR-BY-NAME").arg(&self.name);
        let answer = sentinel.ask(&command).await.map_err(as_of_none)?;
        match answer {
            Value::Nil => Ok(None),
            Value::Array(address) => address_of(address, seat).map(Some),
            other => Err(faults::unexpected(format!("{other:?} for an address"))),
        }
    }
}

/// A server that is no sentinel does not know what is asked.
fn as_of_none(fault: Fault) -> Fault {
    if fault.why.starts_with("ERR unknown command") {
        let why = format!("it is no sentinel ({fault}): the URL of a single server is redis://");
        return Fault::new(fault.class, why);
    }
    fault
}

/// A master is reached as the sentinels are: with TLS or without.
fn address_of(parts: Vec<Value>, like: &ConnectionAddr) -> Result<ConnectionAddr, Fault> {
    let texts = parts.into_iter().map(reply::bytes);
    let texts: Vec<_> = texts
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect();
    let parts = match &texts[..] {
        [name, number] => number.parse().ok().map(|number| (name.clone(), number)),
        _ => None,
    };
    let (name, number) =
        parts.ok_or_else(|| faults::unexpected(format!("{texts:?} for an address")))?;
    let mut address = like.clone();
    match &mut address {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
            (*host, *port) = (name, number);
        }
        _ => {}
    }
    Ok(address)
}

async fn enter_master(
    way: &Way,
    address: &ConnectionAddr,
    kind: Kind<'_>,
) -> Result<(Link, Option<Changes>), Fault> {
    let (link, changes) = kind.open(way, address).await?;
    check_role(&link).await?;
    Ok((link, changes))
}

/// [ROLE](https://redis.io/docs/latest/commands/role/): a sentinel may not have heard that it is another's
/// by now. Where we may not ask, a write tells.
async fn check_role(link: &Link) -> Result<(), Fault> {
    let role = match link.ask(&redis::cmd("ROLE")).await {
        Err(fault) if fault.class == Class::Denied => return Ok(()),
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
