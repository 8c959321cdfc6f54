//! [Consumer groups](https://redis.io/docs/latest/develop/data-types/streams/#consumer-groups) of a
//! stream.

use std::time::Duration;

use redis::{Cmd, Value};

use super::super::{BoxFuture, Claimed, Class, Fault, Groups, Member};
use super::wire::Wire;
use super::{faults, read, reply};
use crate::EventId;
use crate::event::Entry;

pub(super) struct Group(pub(super) Wire);

impl Groups for Group {
    /// [XGROUP CREATE](https://redis.io/docs/latest/commands/xgroup-create/)
    fn make(
        &self,
        member: &Member,
        after: Option<EventId>,
    ) -> BoxFuture<'static, Result<bool, Fault>> {
        let mut command = redis::cmd("XGROUP");
        command.arg("CREATE").arg(&*member.key).arg(&*member.group);
        command.arg(after.map_or_else(|| "$".to_owned(), |id| id.to_string()));
        let answered = self.0.ask(&command);
        Box::pin(async move {
            match answered.await?.only() {
                Err(fault) if fault.why.starts_with("BUSYGROUP") => Ok(true),
                Err(fault) if fault.why.contains("requires the key to exist") => Ok(false),
                made => made.map(|_| true),
            }
        })
    }

    /// [XREADGROUP](https://redis.io/docs/latest/commands/xreadgroup/)
    fn take(
        &self,
        member: &Member,
        count: usize,
        wait: Duration,
    ) -> BoxFuture<'static, Result<Option<Vec<Entry>>, Fault>> {
        let mut command = redis::cmd("XREADGROUP");
        command
            .arg("GROUP")
            .arg(&*member.group)
            .arg(&*member.name)
            .arg("COUNT")
            .arg(count);
        if !wait.is_zero() {
            command.arg("BLOCK").arg(wait.as_millis().max(1) as u64);
        }
        command.arg("STREAMS").arg(&*member.key).arg(">");
        let answered = self.0.ask(&command);
        Box::pin(async move { there(read::of_first_stream(answered.await?)) })
    }

    fn claim(
        &self,
        member: &Member,
        idle: Duration,
        from: EventId,
        count: usize,
    ) -> BoxFuture<'static, Result<Option<Claimed>, Fault>> {
        let claimed = claim(self.0.clone(), member.clone(), idle, from, count);
        Box::pin(async move { there(claimed.await) })
    }

    /// [XACK](https://redis.io/docs/latest/commands/xack/)
    fn acknowledge(&self, member: &Member, id: EventId) -> BoxFuture<'static, Result<(), Fault>> {
        let command = of("XACK", member, &id.to_string());
        let answered = self.0.ask(&command);
        Box::pin(async move { answered.await?.only().map(drop) })
    }

    fn forget(&self, member: &Member, idle: Duration) -> BoxFuture<'static, Result<(), Fault>> {
        Box::pin(forget(self.0.clone(), member.clone(), idle))
    }
}

fn of(name: &str, member: &Member, argument: &str) -> Cmd {
    let mut command = redis::cmd(name);
    command.arg(&*member.key).arg(&*member.group).arg(argument);
    command
}

/// None where there is no such group: it went with its stream, perhaps while it was waited on.
fn there<T>(answer: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match answer {
        Err(fault) if ["NOGROUP", "UNBLOCKED"].contains(&code(&fault)) => Ok(None),
        answer => answer.map(Some),
    }
}

fn code(fault: &Fault) -> &str {
    fault.why.split(' ').next().unwrap_or_default()
}

/// [XAUTOCLAIM](https://redis.io/docs/latest/commands/xautoclaim/), which looks at some of what is
/// pending at a time.
async fn claim(
    wire: Wire,
    member: Member,
    idle: Duration,
    mut from: EventId,
    count: usize,
) -> Result<Claimed, Fault> {
    loop {
        let mut command = of("XAUTOCLAIM", &member, &member.name);
        command.arg(idle.as_millis() as u64).arg(from.to_string());
        command.arg("COUNT").arg(count);
        let reply = wire.ask(&command).await?.only()?;
        let (entries, next) = claimed(reply)?;
        if !entries.is_empty() || next == EventId::ZERO {
            return Ok((entries, next));
        }
        from = next;
    }
}

/// What was claimed, and where the next look begins. What is not on the stream any more is none there
/// from 7.0 on; 6.2 has nothing in its place.
fn claimed(reply: Value) -> Result<Claimed, Fault> {
    let Value::Array(parts) = reply else {
        return Err(faults::unexpected(format!("{reply:?} to XAUTOCLAIM")));
    };
    let mut parts = parts.into_iter();
    let (Some(next), Some(Value::Array(entries))) = (parts.next(), parts.next()) else {
        return Err(faults::unexpected("no entries to XAUTOCLAIM"));
    };
    let there = entries.into_iter().filter(|entry| match entry {
        Value::Array(parts) => parts.iter().all(|part| *part != Value::Nil),
        other => *other != Value::Nil,
    });
    let entries = reply::entries(Value::Array(there.collect()))?;
    let next = reply::parse_id(&reply::bytes(next))?;
    Ok((entries, next))
}

/// [XINFO CONSUMERS](https://redis.io/docs/latest/commands/xinfo-consumers/) and
/// [XGROUP DELCONSUMER](https://redis.io/docs/latest/commands/xgroup-delconsumer/). Who may not ask
/// forgets nobody.
async fn forget(wire: Wire, member: Member, idle: Duration) -> Result<(), Fault> {
    let mut command = redis::cmd("XINFO");
    command
        .arg("CONSUMERS")
        .arg(&*member.key)
        .arg(&*member.group);
    let members = match wire.ask(&command).await?.only() {
        Err(fault) if matches!(fault.class, Class::Connection | Class::Elsewhere) => {
            return Err(fault);
        }
        Ok(Value::Array(members)) => members,
        _ => return Ok(()),
    };
    let idle = idle.as_millis() as i64;
    let gone = members.into_iter().filter_map(|member| gone(member, idle));
    for name in gone.take(MOST_FORGOTTEN) {
        let mut command = redis::cmd("XGROUP");
        command.arg("DELCONSUMER").arg(&*member.key);
        command.arg(&*member.group).arg(name);
        wire.ask(&command).await?;
    }
    Ok(())
}

/// At a time.
const MOST_FORGOTTEN: usize = 1000;

/// The name of one for whom nothing is pending, and who has not asked for so long.
fn gone(member: Value, most: i64) -> Option<Vec<u8>> {
    let (mut name, mut pending, mut idle) = (None, None, None);
    for (key, value) in reply::pairs(member).ok()? {
        match (&*reply::bytes(key), value) {
            (b"name", value) => name = Some(reply::bytes(value)),
            (b"pending", Value::Int(number)) => pending = Some(number),
            (b"idle", Value::Int(number)) => idle = Some(number),
            _ => {}
        }
    }
    name.filter(|_| pending == Some(0) && idle.is_some_and(|idle| idle > most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    #[test]
    fn what_was_claimed_is_what_is_there_still() {
        let entry = |id| {
            let fields = Value::Array(vec![text("data"), text("{}")]);
            Value::Array(vec![text(id), fields])
        };
        let trimmed = Value::Array(vec![text("2-0"), Value::Nil]);
        let entries = Value::Array(vec![entry("1-0"), Value::Nil, trimmed, entry("3-0")]);
        let reply = Value::Array(vec![text("4-0"), entries, Value::Array(vec![text("5-0")])]);
        let (entries, next) = claimed(reply).unwrap();
        let ids: Vec<_> = entries.iter().map(|entry| entry.id.to_string()).collect();
        assert_eq!(
            (next, ids),
            (EventId::new(4, 0), vec!["1-0".into(), "3-0".into()])
        );
        assert!(claimed(Value::Okay).is_err() && claimed(Value::Array(vec![])).is_err());
    }

    #[test]
    fn only_a_member_that_has_nothing_and_is_silent_is_forgotten() {
        let member = |pending, idle| {
            Value::Array(vec![
                text("name"),
                text("a"),
                text("pending"),
                Value::Int(pending),
                text("idle"),
                Value::Int(idle),
            ])
        };
        assert_eq!(gone(member(0, 11), 10), Some(b"a".to_vec()));
        assert_eq!(gone(member(1, 11), 10), None);
        assert_eq!(gone(member(0, 10), 10), None);
        assert_eq!(gone(Value::Nil, 10), None);
    }
}
