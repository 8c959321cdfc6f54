//! Leases in a sorted set: a run's name by the time until which it is leased, of the server's clock.

use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, Pipeline, Value};

use super::super::{Class, Fault, Lease, LeaseTurn, Leased};
use super::wire::{Replies, Wire};
use super::{LONGEST_EXPIRY, faults, reply};

/// What the answers to a turn's commands are of.
#[derive(Clone, Copy)]
enum Asked {
    Clock,
    /// The scores of the renewed, from this one on.
    Scores(usize),
    Kept,
    GivenUp,
    /// Nothing hangs on it.
    Tidied,
}

/// [TIME](https://redis.io/docs/latest/commands/time/),
/// [ZMSCORE](https://redis.io/docs/latest/commands/zmscore/),
/// [ZADD](https://redis.io/docs/latest/commands/zadd/) and
/// [ZREM](https://redis.io/docs/latest/commands/zrem/) in one request, as far as each is wanted. One
/// that is refused stops no other.
pub(super) fn turn(
    wire: &Wire,
    turn: Arc<LeaseTurn>,
) -> impl Future<Output = Result<Leased, Fault>> + use<> {
    let (commands, asked) = request(&turn);
    let answered = wire.ask_all(&commands);
    async move { leased(&turn, asked, answered.await?) }
}

fn leased(turn: &LeaseTurn, asked: Vec<Asked>, mut replies: Replies) -> Result<Leased, Fault> {
    let (mut leased, mut lacks) = (Leased::default(), Vec::new());
    for asked in asked {
        match (asked, reply::checked(replies.take()?)) {
            // Of the whole turn: each server has the leases of a key, or not.
            (_, Err(fault)) if matches!(fault.class, Class::Connection | Class::Elsewhere) => {
                return Err(fault);
            }
            (Asked::Clock, Ok(time)) => leased.now = Some(millis(&time)?),
            (Asked::Scores(first), Ok(scores)) => {
                let renewed = &turn.renewed[first..];
                leased.lapsed.extend(lapsed(renewed, scores, leased.now));
            }
            (Asked::Kept, Err(fault)) => leased.refusal = Some(fault),
            // Of one who keeps leases too, it says nothing of those: what is not given up runs out.
            (Asked::Clock | Asked::GivenUp, Err(fault)) if turn.until.is_none() => {
                leased.refusal = Some(fault);
            }
            (asked, Err(fault)) if fault.class == Class::Denied => lacks.push((fault, asked)),
            _ => {}
        }
    }
    // Where none are kept there is nothing that could be amiss with them.
    if leased.refusal.is_none() {
        let lacks = lacks.into_iter();
        leased.lacks = lacks
            .map(|(fault, asked)| (fault, asked.without()))
            .collect();
    }
    Ok(leased)
}

impl Asked {
    /// What comes of it where it is refused.
    fn without(self) -> &'static str {
        match self {
            Self::Clock => "leases go by this machine's clock",
            Self::Scores(_) => "a run that is declared lost by mistake may not say that it goes on",
            Self::Kept => "nobody will notice the end of this process",
            Self::GivenUp => "leases of runs that have ended run out by themselves",
            Self::Tidied => "leases that have run out long ago stay in the index",
        }
    }
}

fn request(turn: &LeaseTurn) -> (Pipeline, Vec<Asked>) {
    let (mut commands, mut asked) = (Pipeline::new(), Vec::new());
    if turn.sweep.is_some() {
        commands.cmd("TIME");
        asked.push(Asked::Clock);
    }
    if let Some(until) = turn.until {
        for (n, members) in turn.renewed.chunks(PIECE).enumerate() {
            commands.add_command(of("ZMSCORE", &turn.key, members));
            asked.push(Asked::Scores(n * PIECE));
        }
        let kept = turn.renewed.chunks(PIECE).chain(turn.begun.chunks(PIECE));
        for members in kept {
            let command = commands.cmd("ZADD").arg(&*turn.key);
            for member in members {
                command.arg(until).arg(&**member);
            }
            asked.push(Asked::Kept);
        }
    }
    for members in turn.ended.chunks(PIECE) {
        commands.add_command(of("ZREM", &turn.key, members));
        asked.push(Asked::GivenUp);
    }
    if let Some((until, kept)) = turn.until.zip(turn.sweep) {
        let oldest = until.saturating_sub(kept.as_millis() as u64);
        commands.cmd("ZREMRANGEBYSCORE").arg(&*turn.key);
        commands.arg("-inf").arg(oldest);
        commands.cmd("EXPIRE").arg(&*turn.key);
        commands.arg(kept.as_secs().clamp(1, LONGEST_EXPIRY));
        asked.extend([Asked::Tidied, Asked::Tidied]);
    }
    (commands, asked)
}

pub(super) fn of(name: &str, key: &str, members: &[Arc<str>]) -> Cmd {
    let mut command = redis::cmd(name);
    command.arg(key);
    for member in members {
        command.arg(&**member);
    }
    command
}

/// So many members to a command, so that one of many runs lets others in between.
const PIECE: usize = 1000;

/// Those that are not there, or have run out.
fn lapsed(members: &[Arc<str>], scores: Value, now: Option<u64>) -> Vec<Arc<str>> {
    let Value::Array(scores) = scores else {
        return Vec::new();
    };
    let has_lapsed = |score: &Value| number(score).is_none_or(|until| now > Some(until));
    let scored = members.iter().zip(scores);
    scored
        .filter(|(_, score)| has_lapsed(score))
        .map(|(member, _)| Arc::clone(member))
        .collect()
}

/// [ZRANGEBYSCORE](https://redis.io/docs/latest/commands/zrangebyscore/) up to the server's clock.
pub(super) async fn expired(
    wire: Wire,
    key: String,
    skip: usize,
    count: usize,
) -> Result<Vec<Lease>, Fault> {
    let now = clock(&wire).await?;
    let mut command = redis::cmd("ZRANGEBYSCORE");
    command.arg(&key).arg("-inf").arg(format!("({now}"));
    command.arg("WITHSCORES").arg("LIMIT").arg(skip).arg(count);
    let reply = wire.ask(&command).await?.only()?;
    let scored = reply::pairs(flat(reply))?.into_iter();
    let lease = |(member, score): (Value, Value)| {
        let member = String::from_utf8(reply::bytes(member)).ok()?;
        Some(Lease {
            member: member.into(),
            until: number(&score)?,
        })
    };
    Ok(scored.filter_map(lease).collect())
}

/// Members and scores one behind the other, as RESP2 has them; in RESP3 they are in pairs.
fn flat(scored: Value) -> Value {
    let parts = |value| match value {
        Value::Array(pair) => pair,
        value => vec![value],
    };
    match scored {
        Value::Array(scored) => Value::Array(scored.into_iter().flat_map(parts).collect()),
        other => other,
    }
}

/// [ZSCORE](https://redis.io/docs/latest/commands/zscore/)
pub(super) async fn expired_one(
    wire: Wire,
    key: String,
    member: String,
) -> Result<Option<Lease>, Fault> {
    let mut command = redis::cmd("ZSCORE");
    command.arg(&key).arg(&member);
    let reply = wire.ask(&command).await?.only()?;
    let Some(until) = number(&reply) else {
        return Ok(None);
    };
    let member = member.into();
    let has_expired = until < clock(&wire).await?;
    Ok(has_expired.then_some(Lease { member, until }))
}

/// [ZREVRANGE](https://redis.io/docs/latest/commands/zrevrange/)
pub(super) async fn members(wire: Wire, key: String, most: usize) -> Result<Vec<Arc<str>>, Fault> {
    let mut command = redis::cmd("ZREVRANGE");
    command.arg(key).arg(0).arg(most.saturating_sub(1));
    match wire.ask(&command).await?.only()? {
        Value::Array(members) => {
            let member = |member| String::from_utf8_lossy(&reply::bytes(member)).into();
            Ok(members.into_iter().map(member).collect())
        }
        other => Err(faults::unexpected(format!("{other:?} to ZREVRANGE"))),
    }
}

async fn clock(wire: &Wire) -> Result<u64, Fault> {
    let reply = wire.ask(&redis::cmd("TIME")).await?.only()?;
    millis(&reply)
}

/// Of seconds and microseconds.
pub(super) fn millis(time: &Value) -> Result<u64, Fault> {
    let parts = match time {
        Value::Array(parts) => parts.iter().filter_map(number).collect(),
        _ => Vec::new(),
    };
    match parts[..] {
        [seconds, micros] => {
            Ok((Duration::from_secs(seconds) + Duration::from_micros(micros)).as_millis() as u64)
        }
        _ => Err(faults::unexpected(format!("{time:?} to TIME"))),
    }
}

/// A score, which may be written as any number.
pub(super) fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::Double(number) => Some(*number as u64),
        Value::BulkString(text) => {
            let text = std::str::from_utf8(text).ok()?;
            text.parse::<f64>().ok().map(|number| number as u64)
        }
        _ => None,
    }
}
