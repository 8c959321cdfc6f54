//! What became of an append: read off as it is expected to stand, and only looked at in its parts where
//! it does not.

use super::super::{Append, Appended, Fault};
use super::append::{answers, is_transaction};
use super::resp::Ids;
use super::wire::Replies;
use super::{number, reply};

/// Takes the answers to one [`Append`]'s commands.
pub(super) fn take(append: &Append, replies: &mut Replies) -> Result<Appended, Fault> {
    if let Some((appended, bytes)) = as_asked(append, replies.rest()) {
        replies.pass(bytes);
        return Ok(appended);
    }
    let answers = (0..answers(append)).map(|_| replies.take());
    let answers: Vec<_> = answers.collect::<Result<_, _>>()?;
    reply::appended(append, answers)
}

/// All is there, under the ids that were asked for, and how many bytes say so.
fn as_asked(append: &Append, replies: &[u8]) -> Option<(Appended, usize)> {
    let mut rest = replies;
    let of_expiry = usize::from(append.expire.is_some());
    if is_transaction(append) {
        rest = rest.strip_prefix(b"+OK\r\n")?;
        let commands = append.entries.len() + of_expiry;
        for _ in 0..commands {
            rest = rest.strip_prefix(b"+QUEUED\r\n")?;
        }
        rest = rest.strip_prefix(b"*")?;
        let (count, results) = number::number(rest)?;
        rest = results.strip_prefix(b"\r\n")?;
        if count != commands as u64 {
            return None;
        }
    }
    let mut appended = Vec::with_capacity(append.entries.len());
    let mut ids = Ids::new();
    for entry in &append.entries {
        let id = entry.id?;
        rest = rest.strip_prefix(ids.word(id))?;
        appended.push(Ok(id));
    }
    if of_expiry == 1 {
        let after = rest.strip_prefix(b":1\r\n");
        rest = after.or_else(|| rest.strip_prefix(b":0\r\n"))?;
    }
    Some((appended, replies.len() - rest.len()))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::EventId;
    use crate::event::Values;
    use crate::store::NewEntry;
    use std::time::Duration;

    /// Of so many entries of one millisecond.
    pub(in super::super) fn append(entries: u64, expire: bool) -> Append {
        let entry = |n| NewEntry {
            id: Some(EventId::new(7, n)),
            values: Values::new(b"{}".to_vec(), b"", "t"),
        };
        Append {
            key: "k".into(),
            entries: (0..entries).map(entry).collect(),
            max_len: 10,
            expire: expire.then_some(Duration::from_secs(9)),
        }
    }

    #[test]
    fn what_is_as_it_was_asked_for_is_read_off() {
        let id = |n| Ok(EventId::new(7, n));
        for (append, replies, expected) in [
            (append(1, false), "$3\r\n7-0\r\n", vec![id(0)]),
            (append(0, true), ":1\r\n", vec![]),
            (
                append(2, true),
                "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n$3\r\n7-0\r\n$3\r\n7-1\r\n:1\r\n",
                vec![id(0), id(1)],
            ),
        ] {
            let more = format!("{replies}+OK\r\n");
            let read = as_asked(&append, more.as_bytes());
            assert_eq!(read, Some((expected, replies.len())), "{replies}");
            for end in 0..replies.len() {
                assert_eq!(as_asked(&append, &replies.as_bytes()[..end]), None);
            }
        }
    }

    #[test]
    fn what_is_otherwise_is_left_to_a_closer_look() {
        for replies in [
            "$3\r\n7-1\r\n",
            "$4\r\n7-0\r\n",
            "-ERR no\r\n",
            "+QUEUED\r\n",
            "$22\r\n99999999999999999999-0\r\n",
        ] {
            assert_eq!(
                as_asked(&append(1, false), replies.as_bytes()),
                None,
                "{replies}"
            );
        }
        let aborted = "+OK\r\n+QUEUED\r\n-OOM\r\n-EXECABORT\r\n";
        assert_eq!(as_asked(&append(2, false), aborted.as_bytes()), None);
    }
}
