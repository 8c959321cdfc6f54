//! How many events are read at a time: so many that a round trip is worth it, and so few that they take
//! little memory.

use crate::event::Entry;

/// How many are read first, and how many at a time at most; of large ones fewer, of so many bytes about.
pub(crate) const FIRST_PAGE: usize = 100;
const LARGEST_PAGE: usize = 1000;
pub(crate) const SMALLEST_PAGE: usize = 16;
const PAGE_BYTES: usize = 256 * 1024;

/// How many that are like these make a page.
pub(crate) fn fitting(page: &[Entry]) -> usize {
    let bytes: usize = page.iter().map(Entry::size).sum();
    let each = (bytes / page.len().max(1)).max(1);
    (PAGE_BYTES / each).clamp(SMALLEST_PAGE, LARGEST_PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventId;

    #[test]
    fn a_page_is_small_where_events_are_large() {
        let page = |bytes| {
            let entry = |n| Entry::new(EventId::new(1, n), [("data", vec![b'x'; bytes])]);
            fitting(&(0..10).map(entry).collect::<Vec<_>>())
        };
        assert_eq!(page(0), LARGEST_PAGE);
        assert_eq!(page(2044), 128);
        assert_eq!(page(crate::MAX_PAYLOAD), SMALLEST_PAGE);
        assert_eq!(fitting(&[]), LARGEST_PAGE);
    }
}
