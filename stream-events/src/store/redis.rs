//! A Redis server as a store: the only place that names a Redis command.

mod acknowledged;
mod append;
mod clear;
#[cfg(feature = "cluster")]
mod cluster;
mod connect;
mod faults;
#[cfg(test)]
mod fuzz;
mod groups;
#[cfg(any(feature = "cluster", feature = "sentinel"))]
mod hosts;
mod info;
mod leases;
mod looks;
mod number;
mod read;
mod reply;
mod resp;
#[cfg(feature = "sentinel")]
mod sentinel;
mod server;
mod several;
#[cfg(feature = "tls")]
mod tls;
mod tracking;
mod way;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, Value};

use super::{
    Append, Appended, BoxFuture, Class, Connection, Fault, Groups, Lease, LeaseTurn, Leased, Look,
    Looked, NewEntry, Page, StreamInfo, Wanted,
};
use crate::EventId;
use crate::event::Entry;
use crate::settings::Durability;

pub(super) use connect::open;
use wire::Wire;

/// What is asked on it is sent at the call.
#[derive(Clone)]
struct Link(Wire);

impl Connection for Link {
    fn append(&self, batch: Vec<Arc<Append>>) -> BoxFuture<'static, Result<Vec<Appended>, Fault>> {
        let (commands, answers) = append::commands(&batch);
        let answered = self.0.send(commands, answers);
        Box::pin(async move {
            let mut replies = answered.await?;
            batch
                .iter()
                .map(|append| acknowledged::take(append, &mut replies))
                .collect()
        })
    }

    fn extend(
        &self,
        key: &str,
        entry: NewEntry,
    ) -> BoxFuture<'static, Result<Option<EventId>, Fault>> {
        let answered = self.0.send(append::extension(key, &entry), 1);
        Box::pin(async move { reply::extended(entry.id, answered.await?.only()?) })
    }

    /// [XRANGE](https://redis.io/docs/latest/commands/xrange/)
    fn range(
        &self,
        key: &str,
        from: EventId,
        to: EventId,
        count: usize,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>> {
        self.entries("XRANGE", key, [from, to], count)
    }

    /// [XREVRANGE](https://redis.io/docs/latest/commands/xrevrange/)
    fn tail(
        &self,
        key: &str,
        from: EventId,
        to: EventId,
        count: usize,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>> {
        self.entries("XREVRANGE", key, [to, from], count)
    }

    /// [XREAD](https://redis.io/docs/latest/commands/xread/)
    fn read(
        &self,
        key: &str,
        after: EventId,
        count: usize,
        wait: Duration,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>> {
        let mut command = redis::cmd("XREAD");
        command.arg("COUNT").arg(count);
        if !wait.is_zero() {
            // A block of 0 would wait for ever.
            command.arg("BLOCK").arg(wait.as_millis().max(1) as u64);
        }
        command.arg("STREAMS").arg(key).arg(after.to_string());
        let answered = self.0.ask(&command);
        Box::pin(async move { read::of_first_stream(answered.await?) })
    }

    fn pages(&self, wanted: &[Wanted]) -> BoxFuture<'static, Result<Vec<Page>, Fault>> {
        let count = wanted.len();
        let answered = self.0.send(several::ranges(wanted), count);
        Box::pin(async move { several::pages(answered.await?, count) })
    }

    fn news(
        &self,
        wanted: &[Wanted],
        wait: Duration,
    ) -> BoxFuture<'static, Result<Vec<Arc<str>>, Fault>> {
        let answered = self.ask(&several::news(wanted, wait));
        Box::pin(async move { several::keys(answered.await?) })
    }

    fn epoch(&self) -> BoxFuture<'static, Result<Option<String>, Fault>> {
        let sections = ["server", "replication"];
        let [server, replication] = sections.map(|name| self.ask(&info::section(name)));
        Box::pin(async move { info::epoch(server.await, replication.await) })
    }

    fn evicts(&self) -> BoxFuture<'static, Result<Option<String>, Fault>> {
        let memory = self.ask(&info::section("memory"));
        Box::pin(async move { info::evicts(memory.await) })
    }

    /// By an empty [transaction](https://redis.io/docs/latest/develop/using-commands/transactions/).
    fn splits(&self) -> BoxFuture<'static, Result<Option<Fault>, Fault>> {
        let [began, _] = ["MULTI", "EXEC"].map(|name| self.ask(&redis::cmd(name)));
        Box::pin(async move {
            match began.await {
                Err(fault) if fault.class == Class::Denied => Ok(Some(fault)),
                Err(fault) if fault.class == Class::Connection => Err(fault),
                _ => Ok(None),
            }
        })
    }

    /// [WAITAOF](https://redis.io/docs/latest/commands/waitaof/) or
    /// [WAIT](https://redis.io/docs/latest/commands/wait/), which are about what their own connection
    /// has written. So it writes one thing, which comes after all that is to be durable.
    fn confirm(
        &self,
        written: &[(&str, Duration)],
        level: Durability,
    ) -> BoxFuture<'static, Result<Vec<Result<bool, Fault>>, Fault>> {
        let count = written.len();
        let write = written.last().map(|(key, after)| {
            let mut command = redis::cmd("EXPIRE");
            command.arg(*key).arg(seconds(*after));
            self.ask(&command)
        });
        let wait = match written.is_empty() {
            // Whether it can at all is said at once.
            true => 1,
            false => DURABLE_IN.as_millis() as u64,
        };
        let (command, wanted) = match level {
            Durability::Fsynced => {
                let mut command = redis::cmd("WAITAOF");
                command.arg(1).arg(0).arg(wait);
                (command, 1)
            }
            Durability::Replicated(replicas) => {
                let mut command = redis::cmd("WAIT");
                command.arg(replicas).arg(wait);
                (command, replicas)
            }
        };
        let waited = self.ask(&command);
        Box::pin(async move {
            if let Some(write) = write {
                write.await?;
            }
            let is_durable = reply::durable(waited.await, wanted)?;
            Ok(vec![Ok(is_durable); count])
        })
    }

    /// [XINFO STREAM](https://redis.io/docs/latest/commands/xinfo-stream/)
    fn info(&self, key: &str) -> BoxFuture<'static, Result<Option<StreamInfo>, Fault>> {
        let mut command = redis::cmd("XINFO");
        command.arg("STREAM").arg(key);
        let reply = self.ask(&command);
        Box::pin(async move { reply::info(reply.await) })
    }

    /// [XSETID](https://redis.io/docs/latest/commands/xsetid/), which is refused where the stream is above
    /// that already, or gone.
    fn fence(&self, key: &str, upto: EventId) -> BoxFuture<'static, Result<(), Fault>> {
        let mut command = redis::cmd("XSETID");
        command.arg(key).arg(upto.to_string());
        let reply = self.ask(&command);
        Box::pin(async move {
            match reply.await {
                Err(fault)
                    if matches!(
                        fault.class,
                        Class::Connection | Class::Elsewhere | Class::Denied
                    ) =>
                {
                    Err(fault)
                }
                _ => Ok(()),
            }
        })
    }

    fn groups(&self) -> Box<dyn Groups> {
        Box::new(groups::Group(self.0.clone()))
    }

    fn lease(&self, turn: Arc<LeaseTurn>) -> BoxFuture<'static, Result<Leased, Fault>> {
        Box::pin(leases::turn(&self.0, turn))
    }

    fn expired(
        &self,
        key: &str,
        skip: usize,
        count: usize,
    ) -> BoxFuture<'static, Result<Vec<Lease>, Fault>> {
        Box::pin(leases::expired(self.0.clone(), key.into(), skip, count))
    }

    fn leased(&self, key: &str, most: usize) -> BoxFuture<'static, Result<Vec<Arc<str>>, Fault>> {
        Box::pin(leases::members(self.0.clone(), key.into(), most))
    }

    fn expired_one(
        &self,
        key: &str,
        member: &str,
    ) -> BoxFuture<'static, Result<Option<Lease>, Fault>> {
        let (key, member) = (key.into(), member.into());
        Box::pin(leases::expired_one(self.0.clone(), key, member))
    }

    fn look(&self, look: Look) -> BoxFuture<'static, Result<Looked, Fault>> {
        Box::pin(looks::look(self.0.clone(), look))
    }
}

impl Link {
    fn entries(
        &self,
        name: &str,
        key: &str,
        between: [EventId; 2],
        count: usize,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>> {
        let mut command = redis::cmd(name);
        command.arg(key).arg(&between.map(|id| id.to_string()));
        command.arg("COUNT").arg(count);
        let answered = self.0.ask(&command);
        Box::pin(async move { read::entries(answered.await?) })
    }

    fn ask(&self, command: &Cmd) -> BoxFuture<'static, Result<Value, Fault>> {
        let answered = self.0.ask(command);
        Box::pin(async move { answered.await?.only() })
    }
}

fn seconds(after: Duration) -> u64 {
    after.as_secs().clamp(1, LONGEST_EXPIRY)
}

/// How long one command waits for what was written to become durable. A server that syncs its file
/// each second takes up to two.
const DURABLE_IN: Duration = Duration::from_millis(2500);
/// A hundred years: of a time that overflows its clock the server makes an error.
const LONGEST_EXPIRY: u64 = 100 * 365 * 24 * 60 * 60;
