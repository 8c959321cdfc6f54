//! Reads of several streams at once.

use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, Value};

use super::super::{Class, Fault, Page, Wanted};
use super::resp::{Ids, Resp};
use super::wire::Replies;
use super::{faults, read, reply};

/// What one of them takes beside its key.
const OVERHEAD: usize = 128;

/// An [XRANGE](https://redis.io/docs/latest/commands/xrange/) each.
pub(super) fn ranges(wanted: &[Wanted]) -> Vec<u8> {
    let bytes = wanted.iter().map(|wanted| OVERHEAD + wanted.key.len());
    let mut resp = Resp::with_capacity(bytes.sum());
    let mut ids = Ids::new();
    for wanted in wanted {
        let from = ids.word(wanted.after.next());
        resp.command(6).word(b"XRANGE").word(wanted.key.as_bytes());
        resp.raw(from).word(b"+").word(b"COUNT");
        resp.number(wanted.count as u64);
    }
    resp.into_bytes()
}

/// The answers to so many of them. Each page stands on memory of its own: who keeps one keeps no other.
pub(super) fn pages(mut replies: Replies, count: usize) -> Result<Vec<Page>, Fault> {
    let page = |_| {
        let page = read::entries(Replies::new(replies.take_raw()?.to_vec()));
        match page {
            // Said of one command, and true of the connection.
            Err(fault) if fault.class == Class::Connection => Err(fault),
            page => Ok(page),
        }
    };
    (0..count).map(page).collect()
}

/// [XREAD](https://redis.io/docs/latest/commands/xread/) of the first entry of each that has any.
pub(super) fn news(wanted: &[Wanted], wait: Duration) -> Cmd {
    let mut command = redis::cmd("XREAD");
    command.arg("COUNT").arg(1);
    command.arg("BLOCK").arg(wait.as_millis().max(1) as u64);
    command.arg("STREAMS");
    for wanted in wanted {
        command.arg(&*wanted.key);
    }
    for wanted in wanted {
        command.arg(wanted.after.to_string());
    }
    command
}

/// The keys that an answer to it has: in pairs of a list in RESP2, in a map in RESP3.
pub(super) fn keys(reply: Value) -> Result<Vec<Arc<str>>, Fault> {
    let keys: Vec<Value> = match reply {
        Value::Nil => Vec::new(),
        Value::Map(streams) => streams.into_iter().map(|(key, _)| key).collect(),
        Value::Array(streams) => {
            let key = |stream| match stream {
                Value::Array(pair) => pair.into_iter().next().unwrap_or_default(),
                other => other,
            };
            streams.into_iter().map(key).collect()
        }
        other => return Err(faults::unexpected(format!("{other:?} for streams"))),
    };
    let text = |key| String::from_utf8_lossy(&reply::bytes(key)).into();
    Ok(keys.into_iter().map(text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventId;

    fn wanted(key: &str, n: u64) -> Wanted {
        Wanted {
            key: key.into(),
            after: EventId::new(7, n),
            count: 16,
        }
    }

    #[test]
    fn each_stream_is_asked_for_by_a_command_of_its_own() {
        let bytes = ranges(&[wanted("a", 1), wanted("bc", 0)]);
        let range = |key: &str, id: &str| {
            let key = format!("${}\r\n{key}\r\n", key.len());
            let count = "$1\r\n+\r\n$5\r\nCOUNT\r\n$2\r\n16\r\n";
            format!("*6\r\n$6\r\nXRANGE\r\n{key}$3\r\n{id}\r\n{count}")
        };
        let expected = range("a", "7-2") + &range("bc", "7-1");
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn a_stream_that_is_refused_is_in_nobodys_way() {
        let one = "*1\r\n*2\r\n$3\r\n7-1\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n";
        let answers = ["*0\r\n", "-WRONGTYPE no\r\n", one].concat();
        let read = pages(Replies::new(answers.clone().into()), 3).unwrap();
        assert_eq!(read[0], Ok(vec![]));
        assert_eq!(read[1].as_ref().unwrap_err().class, Class::Never);
        assert_eq!(read[2].as_ref().unwrap()[0].id, EventId::new(7, 1));
        for lost in [answers, "*0\r\n*0\r\n*0\r\n-MASTERDOWN no\r\n".to_owned()] {
            let fault = pages(Replies::new(lost.into()), 4).unwrap_err();
            assert_eq!(fault.class, Class::Connection);
        }
    }

    #[test]
    fn streams_with_news_are_named_in_both_protocols() {
        let text = |text: &str| Value::BulkString(text.into());
        let pair = |key: &str| Value::Array(vec![text(key), Value::Array(vec![])]);
        let two = Value::Array(vec![pair("a"), pair("b")]);
        let none = Value::Array(vec![]);
        let three = Value::Map(vec![(text("a"), none.clone()), (text("b"), none)]);
        for reply in [two, three] {
            assert_eq!(keys(reply), Ok(vec!["a".into(), "b".into()]));
        }
        assert_eq!(keys(Value::Nil), Ok(vec![]));
        assert!(keys(Value::Okay).is_err());
    }
}
