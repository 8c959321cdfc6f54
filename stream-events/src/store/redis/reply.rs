//! What the server's answers mean.

use std::vec::IntoIter;

use redis::Value;

use super::super::{Append, Appended, Class, Fault, StreamInfo};
use super::append::is_transaction;
use super::faults;
use crate::EventId;
use crate::event::Entry;

/// What the answers to one [`Append`]'s commands say. One that says that the connection is of no use is
/// said of the whole request: ids make it safe to send again.
pub(super) fn appended(append: &Append, answers: Vec<Value>) -> Result<Appended, Fault> {
    let appended = results(append, answers.into_iter())?;
    let is_lost = |fault: &&Fault| fault.class == Class::Connection;
    match appended
        .iter()
        .filter_map(|result| result.as_ref().err())
        .find(is_lost)
    {
        Some(fault) => Err(fault.clone()),
        None => Ok(appended),
    }
}

fn results(append: &Append, mut replies: IntoIter<Value>) -> Result<Appended, Fault> {
    let mut next = || {
        replies
            .next()
            .ok_or_else(|| faults::unexpected("fewer replies than commands"))
    };
    if append.entries.is_empty() {
        return match checked(next()?) {
            Err(fault) if fault.class == Class::Elsewhere => Err(fault),
            _expire => Ok(Vec::new()),
        };
    }
    if !is_transaction(append) {
        return Ok(entry_ids(append, vec![next()?]));
    }
    let began = next()?;
    let commands = append.entries.len() + usize::from(append.expire.is_some());
    let direct = (0..commands)
        .map(|_| next())
        .collect::<Result<Vec<_>, _>>()?;
    let executed = next()?;
    let results = match (began, executed) {
        (Value::Okay, Value::Array(results)) if results.len() == commands => results,
        // A command was refused when it was taken in, so that none was applied.
        (Value::Okay, aborted) => return Ok(refused_whole(append, direct, aborted)),
        // MULTI itself was refused, by an ACL say: the commands were applied one by one, and
        // answered so.
        (Value::ServerError(_), _) => direct,
        (other, _) => return Err(faults::unexpected(format!("{other:?} to MULTI"))),
    };
    Ok(entry_ids(append, results))
}

/// Why a transaction was not applied: the first refusal among its commands says more than
/// EXECABORT.
fn refused_whole(append: &Append, direct: Vec<Value>, aborted: Value) -> Appended {
    let first = direct
        .into_iter()
        .find(|reply| matches!(reply, Value::ServerError(_)));
    let fault = match first.unwrap_or(aborted) {
        Value::ServerError(error) => faults::of_server(&error),
        other => faults::unexpected(format!("{other:?} to EXEC")),
    };
    append.entries.iter().map(|_| Err(fault.clone())).collect()
}

fn entry_ids(append: &Append, replies: Vec<Value>) -> Appended {
    let answered = append.entries.iter().zip(replies);
    answered
        .map(|(entry, reply)| entry_id(entry.id, reply))
        .collect()
}

/// An id other than the one that was asked for is the answer to something else.
fn entry_id(asked: Option<EventId>, reply: Value) -> Result<EventId, Fault> {
    match reply {
        Value::BulkString(id) => {
            let id = parse_id(&id)?;
            match asked.filter(|asked| *asked != id) {
                None => Ok(id),
                Some(asked) => Err(faults::unexpected(format!("{id} to XADD of {asked}"))),
            }
        }
        Value::ServerError(error) => Err(faults::of_server(&error)),
        other => Err(faults::unexpected(format!("{other:?} to XADD"))),
    }
}

/// None where there was no stream to extend.
pub(super) fn extended(asked: Option<EventId>, reply: Value) -> Result<Option<EventId>, Fault> {
    match reply {
        Value::Nil => Ok(None),
        reply => entry_id(asked, reply).map(Some),
    }
}

/// The value, or the fault that the server answered with.
pub(super) fn checked(value: Value) -> Result<Value, Fault> {
    match value {
        Value::ServerError(error) => Err(faults::of_server(&error)),
        value => Ok(value),
    }
}

/// `[[id, [name, value, …]], …]`
pub(super) fn entries(value: Value) -> Result<Vec<Entry>, Fault> {
    match value {
        Value::Nil => Ok(Vec::new()),
        Value::Array(entries) => entries.into_iter().map(entry).collect(),
        other => Err(faults::unexpected(format!("{other:?} for entries"))),
    }
}

/// The entries of a reply that names streams, of which we ask for one: a list of pairs in RESP2, a
/// map in RESP3.
pub(super) fn first_stream(value: Value) -> Result<Vec<Entry>, Fault> {
    let stream = match value {
        Value::Nil => return Ok(Vec::new()),
        Value::Map(mut streams) => streams.pop().map(|(_, entries)| entries),
        Value::Array(mut streams) => match streams.pop() {
            Some(Value::Array(mut pair)) => pair.pop(),
            other => other,
        },
        other => Some(other),
    };
    entries(stream.unwrap_or_default())
}

/// Whether at least so many have what was written. A server that cannot say will not be able to
/// later.
pub(super) fn durable(reply: Result<Value, Fault>, wanted: u32) -> Result<bool, Fault> {
    let have = match reply {
        Ok(Value::Int(replicas)) => replicas,
        Ok(Value::Array(counts)) => match counts.first() {
            Some(Value::Int(on_disk)) => *on_disk,
            _ => return Err(faults::unexpected("no count")),
        },
        Ok(other) => return Err(faults::unexpected(format!("{other:?} for counts"))),
        Err(Fault {
            class: Class::Odd | Class::Denied,
            why,
            ..
        }) => {
            return Err(Fault::new(Class::Never, why));
        }
        Err(fault) => return Err(fault),
    };
    Ok(have >= i64::from(wanted))
}

/// None where there is no such key, which XINFO answers with an error.
pub(super) fn info(reply: Result<Value, Fault>) -> Result<Option<StreamInfo>, Fault> {
    let reply = match reply {
        Err(fault) if fault.why.contains("no such key") => return Ok(None),
        reply => reply?,
    };
    let mut info = StreamInfo {
        length: 0,
        last_id: EventId::ZERO,
        first_event: None,
        last_event: None,
    };
    for (name, value) in pairs(reply)? {
        match (text(&name), value) {
            (b"length", Value::Int(length)) => info.length = length.unsigned_abs(),
            (b"last-generated-id", Value::BulkString(id)) => info.last_id = parse_id(&id)?,
            (b"first-entry", found @ Value::Array(_)) => {
                info.first_event = Some(entry(found)?.into())
            }
            (b"last-entry", found @ Value::Array(_)) => {
                info.last_event = Some(entry(found)?.into())
            }
            _ => {}
        }
    }
    Ok(Some(info))
}

fn entry(value: Value) -> Result<Entry, Fault> {
    let Value::Array(parts) = value else {
        return Err(faults::unexpected(format!("{value:?} for an entry")));
    };
    let [id, fields] = <[Value; 2]>::try_from(parts)
        .map_err(|parts| faults::unexpected(format!("{parts:?} for an entry")))?;
    let fields = pairs(fields)?
        .into_iter()
        .map(|(name, value)| (bytes(name), bytes(value)));
    Ok(Entry::new(parse_id(text(&id))?, fields))
}

pub(super) fn pairs(value: Value) -> Result<Vec<(Value, Value)>, Fault> {
    match value {
        Value::Map(pairs) => Ok(pairs),
        // An entry that was deleted between two replies has no fields.
        Value::Nil => Ok(Vec::new()),
        Value::Array(flat) => {
            let mut flat = flat.into_iter();
            Ok(std::iter::from_fn(|| flat.next().zip(flat.next())).collect())
        }
        other => Err(faults::unexpected(format!("{other:?} for pairs"))),
    }
}

fn text(value: &Value) -> &[u8] {
    match value {
        Value::BulkString(bytes) => bytes,
        Value::SimpleString(text) => text.as_bytes(),
        // As RESP3 has what INFO says.
        Value::VerbatimString { text, .. } => text.as_bytes(),
        _ => b"",
    }
}

pub(super) fn bytes(value: Value) -> Vec<u8> {
    match value {
        Value::BulkString(bytes) => bytes,
        other => text(&other).to_vec(),
    }
}

pub(super) fn parse_id(id: &[u8]) -> Result<EventId, Fault> {
    String::from_utf8_lossy(id)
        .parse()
        .map_err(faults::unexpected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_is_not_there_is_not_extended() {
        let asked = EventId::new(7, 1);
        let id = |text: &str| Value::BulkString(text.into());
        assert_eq!(extended(Some(asked), Value::Nil), Ok(None));
        assert_eq!(extended(Some(asked), id("7-1")), Ok(Some(asked)));
        let of_another = extended(Some(asked), id("7-2")).unwrap_err();
        assert_eq!(of_another.class, Class::Connection);
    }
}
