//! What is asked of many runs and streams at once: one request, whose parts are refused by themselves.

use std::sync::Arc;

use redis::{Pipeline, Value};

use super::super::{Class, Expired, Fault, Lease, Look, Looked, Members};
use super::leases::{millis, number, of};
use super::wire::{Replies, Wire};
use super::{faults, reply};
use crate::EventId;

/// [ZMSCORE](https://redis.io/docs/latest/commands/zmscore/) and
/// [TIME](https://redis.io/docs/latest/commands/time/) for the leases,
/// [EXISTS](https://redis.io/docs/latest/commands/exists/) for the streams that are known, and [XINFO
/// STREAM](https://redis.io/docs/latest/commands/xinfo-stream/) for each other. Where a server before 6.2,
/// or the user's rights, do not have the first, it is a
/// [ZSCORE](https://redis.io/docs/latest/commands/zscore/) for each run.
pub(super) async fn look(wire: Wire, look: Look) -> Result<Looked, Fault> {
    let mut replies = wire.ask_all(&request(&look)).await?;
    let scores = |_: &Members| Ok((part(&mut replies)?, part(&mut replies)?));
    let scores = look
        .leases
        .iter()
        .map(scores)
        .collect::<Result<Vec<_>, _>>()?;
    let are_there = match look.known.is_empty() {
        true => Ok(true),
        false => part(&mut replies)?.and_then(|found| are_all(&found, look.known.len())),
    };
    let last_id = |_: &Arc<str>| last_id(&mut replies);
    let last_ids = look.streams.iter().map(last_id).collect::<Result<_, _>>()?;
    let mut all = Vec::with_capacity(scores.len());
    for (leases, (scores, now)) in look.leases.iter().zip(scores) {
        all.push(expired(&wire, leases, scores, now).await?);
    }
    Ok(Looked {
        expired: all,
        are_there,
        last_ids,
    })
}

fn request(look: &Look) -> Pipeline {
    let mut commands = Pipeline::new();
    for Members { key, members } in &look.leases {
        commands.add_command(of("ZMSCORE", key, members));
        commands.cmd("TIME");
    }
    if let [first, others @ ..] = &look.known[..] {
        commands.add_command(of("EXISTS", first, others));
    }
    for key in &look.streams {
        commands.cmd("XINFO").arg("STREAM").arg(&**key);
    }
    commands
}

/// The next answer, or what was refused. The outer fault is of the connection.
fn part(replies: &mut Replies) -> Result<Result<Value, Fault>, Fault> {
    match reply::checked(replies.take()?) {
        Err(fault) if fault.class == Class::Connection => Err(fault),
        part => Ok(part),
    }
}

fn are_all(found: &Value, known: usize) -> Result<bool, Fault> {
    match found {
        Value::Int(found) => Ok(usize::try_from(*found) == Ok(known)),
        other => Err(faults::unexpected(format!("{other:?} to EXISTS"))),
    }
}

fn last_id(replies: &mut Replies) -> Result<Result<Option<EventId>, Fault>, Fault> {
    match reply::info(part(replies)?) {
        Err(fault) if fault.class == Class::Connection => Err(fault),
        info => Ok(info.map(|info| info.map(|info| info.last_id))),
    }
}

async fn expired(
    wire: &Wire,
    of: &Members,
    scores: Result<Value, Fault>,
    now: Result<Value, Fault>,
) -> Result<Expired, Fault> {
    let scores = match scores {
        Ok(Value::Array(scores)) if scores.len() == of.members.len() => Ok(scores),
        Ok(other) => return Err(faults::unexpected(format!("{other:?} to ZMSCORE"))),
        Err(fault) if fault.class == Class::Denied => each(wire, of).await?,
        Err(fault) => Err(fault),
    };
    Ok(scores.and_then(|scores| {
        let until: Vec<_> = scores.iter().map(number).collect();
        // A user without runs that have a lease needs no right to the clock.
        if until.iter().all(Option::is_none) {
            return Ok(Vec::new());
        }
        let now = millis(&now?)?;
        let leases = of.members.iter().zip(until);
        let lease = |(member, until): (&Arc<str>, Option<u64>)| {
            let until = until.filter(|until| *until < now)?;
            let member = Arc::clone(member);
            Some(Lease { member, until })
        };
        Ok(leases.filter_map(lease).collect())
    }))
}

/// The scores, each asked for by itself.
async fn each(wire: &Wire, of: &Members) -> Result<Result<Vec<Value>, Fault>, Fault> {
    let mut commands = Pipeline::new();
    for member in &of.members {
        commands.cmd("ZSCORE").arg(&*of.key).arg(&**member);
    }
    let mut replies = wire.ask_all(&commands).await?;
    let mut scores = Vec::with_capacity(of.members.len());
    for _ in &of.members {
        match part(&mut replies)? {
            Ok(score) => scores.push(score),
            Err(fault) => return Ok(Err(fault)),
        }
    }
    Ok(Ok(scores))
}
