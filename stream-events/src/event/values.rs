//! What stands in an entry's fields.

use std::fmt;
use std::sync::Arc;

use super::timestamp::Clock;

/// The values of `data`, `timestamp` and `event_type` of one entry, on a page that it may share with
/// others: each event has some, and they are passed on a few times.
#[derive(Clone)]
pub(crate) struct Values {
    page: Arc<Vec<u8>>,
    start: usize,
    lengths: [usize; 3],
}

impl Values {
    pub(crate) fn new(data: Vec<u8>, timestamp: &[u8], event_type: &str) -> Self {
        let mut page = Page {
            text: data,
            ..Page::with_capacity(1, 0)
        };
        page.end(0, timestamp, event_type);
        page.into_only()
    }

    /// In the order of [`FIELDS`](super::FIELDS).
    pub(crate) fn each(&self) -> [&[u8]; 3] {
        let [data, timestamp, event_type] = self.lengths;
        let (data, others) = self.page[self.start..].split_at(data);
        let (timestamp, others) = others.split_at(timestamp);
        [data, timestamp, &others[..event_type]]
    }

    pub(crate) fn data(&self) -> &[u8] {
        self.each()[0]
    }

    pub(crate) fn event_type(&self) -> &[u8] {
        self.each()[2]
    }

    /// Bytes of all.
    pub(crate) fn size(&self) -> usize {
        self.lengths.iter().sum()
    }

    /// On a page of its own, for one that outlives the others.
    pub(crate) fn alone(&self) -> Self {
        let text = &self.page[self.start..self.start + self.size()];
        Self {
            page: Arc::new(text.to_vec()),
            start: 0,
            lengths: self.lengths,
        }
    }
}

impl PartialEq for Values {
    fn eq(&self, other: &Self) -> bool {
        self.each() == other.each()
    }
}

impl Eq for Values {}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = self.each().map(String::from_utf8_lossy);
        f.debug_tuple("Values").field(&texts).finish()
    }
}

/// The values of several entries as they are written, one behind the other in one piece of memory.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// Shows their times.
    pub(super) clock: Clock,
    text: Vec<u8>,
    written: Vec<(usize, [usize; 3])>,
}

impl Page {
    /// For so many entries of about so many bytes together.
    pub(crate) fn with_capacity(entries: usize, bytes: usize) -> Self {
        Self {
            clock: Clock::default(),
            text: Vec::with_capacity(bytes),
            written: Vec::with_capacity(entries),
        }
    }

    /// Where `data` of the next entry is written, and from where on.
    pub(super) fn begin(&mut self) -> (&mut Vec<u8>, usize) {
        let start = self.text.len();
        (&mut self.text, start)
    }

    /// Has all of `data` that began there.
    #[inline]
    pub(super) fn end(&mut self, start: usize, timestamp: &[u8], event_type: &str) {
        let data = self.text.len() - start;
        self.text.extend_from_slice(timestamp);
        self.text.extend_from_slice(event_type.as_bytes());
        let lengths = [data, timestamp.len(), event_type.len()];
        self.written.push((start, lengths));
    }

    pub(crate) fn into_values(self) -> impl Iterator<Item = Values> {
        let page = Arc::new(self.text);
        self.written
            .into_iter()
            .map(move |(start, lengths)| Values {
                page: Arc::clone(&page),
                start,
                lengths,
            })
    }

    /// Those of the first entry; empty where there is none.
    pub(crate) fn into_only(self) -> Values {
        let (start, lengths) = self.written.first().copied().unwrap_or_default();
        Values {
            page: Arc::new(self.text),
            start,
            lengths,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stands_by_itself() {
        let values = Values::new(b"{}".to_vec(), b"2025", "task_started");
        assert_eq!(values.each(), [&b"{}"[..], b"2025", b"task_started"]);
        assert_eq!(values.data(), b"{}");
        assert_eq!(values.event_type(), b"task_started");
        assert_eq!(values.size(), 18);
        let empty = Values::new(Vec::new(), b"", "");
        assert_eq!(empty.each(), [b""; 3]);
    }

    #[test]
    fn those_of_one_page_stand_beside_each_other_and_one_can_leave_it() {
        let mut page = Page::with_capacity(2, 64);
        for (data, event_type) in [("{}", "a"), ("{\"n\":1}", "bc")] {
            let (text, start) = page.begin();
            text.extend_from_slice(data.as_bytes());
            page.end(start, b"2025", event_type);
        }
        let values: Vec<_> = page.into_values().collect();
        assert_eq!(values[0].each(), [&b"{}"[..], b"2025", b"a"]);
        assert_eq!(values[1].each(), [&b"{\"n\":1}"[..], b"2025", b"bc"]);
        let alone = values[1].alone();
        assert_eq!(alone, values[1]);
        assert_eq!(alone.page.len(), alone.size());
    }
}
