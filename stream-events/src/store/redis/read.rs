//! Entries as a server gives them, read off where they stand: neither a value nor a copy is made of
//! what they hold. What stands otherwise is taken apart by [`reply`].

use std::ops::Range;
use std::sync::Arc;

use super::super::Fault;
use super::wire::Replies;
use super::{number, reply};
use crate::EventId;
use crate::event::{Entry, Spot, Spots};

/// Of [XRANGE](https://redis.io/docs/latest/commands/xrange/) and its like: `[[id, [name, value, …]], …]`
pub(super) fn entries(replies: Replies) -> Result<Vec<Entry>, Fault> {
    read(replies, |_| Some(()), reply::entries)
}

/// Of [XREAD](https://redis.io/docs/latest/commands/xread/) of one stream, which has its key before
/// them: in a pair of a list in RESP2, in a map in RESP3.
pub(super) fn of_first_stream(replies: Replies) -> Result<Vec<Entry>, Fault> {
    let key = |cursor: &mut Cursor<'_>| {
        match cursor.header(b'*') {
            Some(1) => cursor.header(b'*').filter(|parts| *parts == 2)?,
            Some(_) => return None,
            None => cursor.header(b'%').filter(|streams| *streams == 1)?,
        };
        cursor.string().map(drop)
    };
    read(replies, key, reply::first_stream)
}

fn read(
    mut replies: Replies,
    before: impl FnOnce(&mut Cursor<'_>) -> Option<()>,
    otherwise: impl FnOnce(redis::Value) -> Result<Vec<Entry>, Fault>,
) -> Result<Vec<Entry>, Fault> {
    let mut cursor = Cursor::of(replies.rest());
    let spots = before(&mut cursor).and_then(|()| cursor.entries());
    let Some(spots) = spots else {
        return otherwise(reply::checked(replies.take()?)?);
    };
    let page = replies.into_page();
    let on_page = |(id, spots)| Entry::on(Arc::clone(&page), id, spots);
    Ok(spots.into_iter().map(on_page).collect())
}

/// Where in a reply we are.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The number behind this first byte; where another is there, nothing is passed.
    pub(super) fn header(&mut self, kind: u8) -> Option<usize> {
        let rest = self.bytes[self.at..].strip_prefix(&[kind])?;
        let (number, rest) = number::number(rest)?;
        let rest = rest.strip_prefix(b"\r\n")?;
        self.at = self.bytes.len() - rest.len();
        usize::try_from(number).ok()
    }

    pub(super) fn string(&mut self) -> Option<Range<usize>> {
        let length = self.header(b'$')?;
        let end = self.at.checked_add(length)?;
        self.bytes.get(end..)?.strip_prefix(b"\r\n")?;
        let string = self.at..end;
        self.at = end + 2;
        Some(string)
    }

    /// All of them, at the end of the reply.
    fn entries(&mut self) -> Option<Vec<(EventId, Spots)>> {
        let count = self.header(b'*')?;
        // Each takes some bytes of those that are there.
        let mut entries = Vec::with_capacity(count.min(self.bytes.len() / 16));
        for _ in 0..count {
            entries.push(self.entry()?);
        }
        (self.at == self.bytes.len()).then_some(entries)
    }

    fn entry(&mut self) -> Option<(EventId, Spots)> {
        self.header(b'*').filter(|parts| *parts == 2)?;
        let id = self.string()?;
        let (id, _) = number::id(&self.bytes[id]).filter(|(_, rest)| rest.is_empty())?;
        let words = self.header(b'*').filter(|words| words % 2 == 0)?;
        let spots = match words {
            6 => Spots::Three([self.field()?, self.field()?, self.field()?]),
            _ => Spots::Any(
                (0..words / 2)
                    .map(|_| self.field())
                    .collect::<Option<_>>()?,
            ),
        };
        Some((id, spots))
    }

    fn field(&mut self) -> Option<Spot> {
        Some([self.string()?, self.string()?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways, which have to come to the same.
    fn read_off(reply: &str) -> Option<Vec<Entry>> {
        let read = entries(Replies::new(reply.into())).unwrap();
        let looked_at = redis::parse_redis_value(reply.as_bytes()).unwrap();
        assert_eq!(read, reply::entries(looked_at).unwrap());
        let spots = Cursor::of(reply.as_bytes()).entries()?;
        assert_eq!(spots.len(), read.len());
        Some(read)
    }

    const TWO: &str = "*2\r\n*2\r\n$3\r\n7-1\r\n*6\r\n$4\r\ndata\r\n$2\r\n{}\r\n$1\r\na\r\n$0\r\n\r\n$1\r\nb\r\n\
                       $3\r\n\r\n\"\r\n*2\r\n$3\r\n8-0\r\n*2\r\n$4\r\ndata\r\n$1\r\nx\r\n";

    #[test]
    fn entries_are_read_off_where_they_stand() {
        let read = read_off(TWO).unwrap();
        assert_eq!(read[0].id, EventId::new(7, 1));
        assert_eq!(read[0].field("data"), Some(&b"{}"[..]));
        assert_eq!(read[0].field("b"), Some(&b"\r\n\""[..]));
        assert_eq!(read[1].field("data"), Some(&b"x"[..]));
        assert_eq!(read_off("*0\r\n"), Some(vec![]));
    }

    #[test]
    fn those_of_one_stream_are_found_in_both_protocols() {
        for before in ["*1\r\n*2\r\n$1\r\nk\r\n", "%1\r\n$1\r\nk\r\n"] {
            let reply = format!("{before}{TWO}");
            let read = of_first_stream(Replies::new(reply.into())).unwrap();
            assert_eq!(read, read_off(TWO).unwrap());
        }
        for none in ["*-1\r\n", "$-1\r\n", "_\r\n"] {
            assert_eq!(of_first_stream(Replies::new(none.into())), Ok(vec![]));
        }
    }

    #[test]
    fn what_stands_otherwise_is_looked_at_more_closely() {
        // An entry that was deleted has no fields.
        let deleted = "*1\r\n*2\r\n$3\r\n7-1\r\n*-1\r\n";
        assert_eq!(read_off(deleted), None);
        assert_eq!(entries(Replies::new(deleted.into())).unwrap().len(), 1);
        for wrong in ["-ERR no\r\n", "+OK\r\n", "*1\r\n$1\r\na\r\n"] {
            assert!(entries(Replies::new(wrong.into())).is_err(), "{wrong:?}");
        }
        for end in 0..TWO.len() {
            assert!(
                Cursor::of(&TWO.as_bytes()[..end]).entries().is_none(),
                "{end}"
            );
        }
    }
}
