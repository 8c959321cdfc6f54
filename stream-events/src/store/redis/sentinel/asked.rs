//! What the sentinels are asked, and what they say.

use std::time::Duration;

use futures_util::future::join;
use futures_util::stream::{FuturesUnordered, StreamExt};
use redis::{ConnectionAddr, Value};

use super::super::super::{Class, Fault, Purpose};
use super::super::{Link, faults, reply};
use super::votes::{Said, Votes};
use super::{Post, within};
use crate::said;

/// How long a sentinel may take to answer.
const ANSWERED_IN: Duration = Duration::from_secs(2);

impl Post {
    /// Where the master is. All sentinels are asked at once, until most of them say the same: one alone
    /// may not have heard yet.
    pub(super) async fn ask(&self) -> Result<Votes, Fault> {
        let ask = async |seat| (seat, within(ANSWERED_IN, seat, self.ask_one(seat)).await);
        let mut asked: FuturesUnordered<_> = self.seats.iter().map(ask).collect();
        let mut votes = Votes::of(self.seats.len(), self.latest.epoch());
        while let Some((seat, answer)) = asked.next().await {
            votes.add(seat, answer);
            if votes.are_decided() {
                break;
            }
        }
        let votes = votes.given(&self.name)?;
        self.latest.check(&votes)?;
        Ok(votes)
    }

    /// [SENTINEL GET-MASTER-ADDR-BY-NAME](
    /// https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/#sentinel-commands); none
    /// where this one knows no such name. How new that is it is asked before: the address may be a newer one.
    async fn ask_one(&self, seat: &ConnectionAddr) -> Result<Option<Said>, Fault> {
        let sentinel = self.way.open(seat, Purpose::Prompt).await?;
        let mut command = redis::cmd("SENTINEL");
        command.arg("GET-MASTER-ADDR-BY-NAME").arg(&self.name);
        let (epoch, answer) = join(self.epoch(seat, &sentinel), sentinel.ask(&command)).await;
        let address = match answer.map_err(as_of_none)? {
            Value::Nil => return Ok(None),
            Value::Array(address) => address_of(address, seat)?,
            other => return Err(faults::unexpected(format!("{other:?} for an address"))),
        };
        Ok(Some(Said { address, epoch }))
    }

    /// That of the [failover](
    /// https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/#configuration-epochs) that a
    /// sentinel knows as the last; none where we may not ask.
    async fn epoch(&self, seat: &ConnectionAddr, sentinel: &Link) -> Option<u64> {
        let mut command = redis::cmd("SENTINEL");
        command.arg("MASTER").arg(&self.name);
        let told = sentinel.ask(&command).await.and_then(reply::pairs);
        let untold = told.as_ref().err();
        let is_denied =
            |fault: &&Fault| fault.class == Class::Denied && !faults::is_of_no_command(fault);
        if let Some(fault) = untold.filter(is_denied)
            && said::is_news(format!("{seat} {fault}"))
        {
            tracing::warn!(
                target: "stream_events",
                "the sentinel {seat} does not tell how new its master is: where it has yet to hear of a failover, it may lead \
                 back to the old one ({fault})"
            );
        }
        let pairs = told.ok()?;
        let mut pairs = pairs
            .into_iter()
            .map(|(name, value)| (reply::bytes(name), value));
        let (_, epoch) = pairs.find(|(name, _)| name == b"config-epoch")?;
        String::from_utf8(reply::bytes(epoch)).ok()?.parse().ok()
    }
}

/// A server that is no sentinel does not know what is asked.
fn as_of_none(fault: Fault) -> Fault {
    if !faults::is_of_no_command(&fault) {
        return fault;
    }
    let why = format!(
        "it is no sentinel ({fault}): the URL of a single server is redis://, and of a cluster redis+cluster://"
    );
    Fault::new(fault.class, why)
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
