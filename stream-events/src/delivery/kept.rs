//! What the store acknowledged lately, kept in case it goes back behind that.

mod part;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::event::EventType;
use crate::store::{Append, NewEntry};
pub(super) use part::Part;

/// The newest acknowledged events, bounded in bytes; of the older ones, the ends of runs, since
/// without its end a job would look as if it went on for ever.
#[derive(Debug)]
pub(super) struct Kept {
    limit: usize,
    bytes: usize,
    newest: VecDeque<Held>,
    ends: VecDeque<Held>,
    /// Bounded by the same limit.
    ends_bytes: usize,
}

#[derive(Debug)]
struct Held {
    part: Arc<Part>,
    bytes: usize,
    /// When the stream would be gone by itself.
    until: Instant,
}

/// How many ends are kept of what has gone otherwise.
const ENDS: usize = 1024;
/// What an entry takes beside its values, about.
const ENTRY_OVERHEAD: usize = 192;

impl Kept {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            bytes: 0,
            newest: VecDeque::new(),
            ends: VecDeque::new(),
            ends_bytes: 0,
        }
    }

    /// Keeps entries under the ids that they have on the stream, which is kept for `retention` from
    /// now on.
    pub(super) fn push(&mut self, append: Append, retention: Duration, now: Instant) {
        let bytes = append
            .entries
            .iter()
            .map(|entry| entry.size() + ENTRY_OVERHEAD)
            .sum();
        if bytes > self.limit {
            return;
        }
        self.bytes += bytes;
        self.newest.push_back(Held {
            part: Arc::new(Part::new(Append {
                expire: Some(retention),
                ..append
            })),
            bytes,
            until: now.checked_add(retention).unwrap_or(now),
        });
        while self.bytes > self.limit
            && let Some(oldest) = self.newest.pop_front()
        {
            self.bytes -= oldest.bytes;
            self.keep_end(oldest);
        }
    }

    /// All that is kept of streams that are not past their time, oldest first; not what breaks each
    /// connection.
    pub(super) fn parts(&self, now: Instant) -> impl Iterator<Item = &Arc<Part>> {
        self.ends
            .iter()
            .chain(&self.newest)
            .filter(move |held| held.until > now && !held.part.is_hopeless())
            .map(|held| &held.part)
    }

    fn keep_end(&mut self, held: Held) {
        let kept = held.part.append();
        let entries = &kept.entries;
        let Some(end) = entries.iter().rev().find(|entry| is_end(entry)) else {
            return;
        };
        let end = NewEntry {
            values: end.values.alone(),
            ..*end
        };
        let bytes = end.size() + ENTRY_OVERHEAD;
        let append = Append {
            entries: vec![end],
            key: Arc::clone(&kept.key),
            ..*kept
        };
        self.ends.push_back(Held {
            part: Arc::new(held.part.with(append)),
            bytes,
            ..held
        });
        self.ends_bytes += bytes;
        while (self.ends.len() > ENDS || self.ends_bytes > self.limit)
            && let Some(oldest) = self.ends.pop_front()
        {
            self.ends_bytes -= oldest.bytes;
        }
    }
}

fn is_end(entry: &NewEntry) -> bool {
    let ends = [EventType::TaskCompleted, EventType::TaskFailed];
    let name = entry.values.event_type();
    ends.iter().any(|end| end.as_str().as_bytes() == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventId;
    use crate::event::Values;

    const HOUR: Duration = Duration::from_secs(3600);

    fn append(ms: u64, event_type: &str) -> Append {
        let entry = NewEntry {
            id: Some(EventId::new(ms, 0)),
            values: Values::new(vec![b'x'; 1000], b"", event_type),
        };
        Append {
            key: "job_events:a".into(),
            entries: vec![entry],
            max_len: 10,
            expire: None,
        }
    }

    fn ids(kept: &Kept, now: Instant) -> Vec<u64> {
        let parts = kept.parts(now).map(|part| part.append());
        let ids = |append: Arc<Append>| {
            append
                .entries
                .iter()
                .map(|entry| entry.id.unwrap().ms())
                .collect::<Vec<_>>()
        };
        parts.flat_map(ids).collect()
    }

    #[test]
    fn the_newest_are_kept_and_of_the_older_ones_the_ends() {
        let (mut kept, now) = (Kept::new(3 * 1300), Instant::now());
        for (ms, event_type) in [(1, "row"), (2, "task_failed"), (3, "row"), (4, "row")] {
            kept.push(append(ms, event_type), HOUR, now);
        }
        assert_eq!(ids(&kept, now), [2, 3, 4]);
        for ms in 5..10 {
            kept.push(append(ms, "row"), HOUR, now);
        }
        assert_eq!(ids(&kept, now), [2, 7, 8, 9]);
    }

    #[test]
    fn ends_are_bounded_too() {
        let (mut kept, now) = (Kept::new(1300), Instant::now());
        for ms in 0..2 * ENDS as u64 {
            kept.push(append(ms, "task_completed"), HOUR, now);
        }
        assert!(kept.bytes + kept.ends_bytes <= 2 * 1300);
        assert_eq!(ids(&kept, now), [2 * ENDS as u64 - 2, 2 * ENDS as u64 - 1]);
        kept.limit = 10_000_000;
        for ms in 0..2 * ENDS as u64 {
            kept.push(append(ms, "task_completed"), HOUR, now);
        }
        kept.limit = 1300;
        kept.push(append(0, "row"), HOUR, now);
        assert!(kept.ends.len() <= ENDS && kept.ends_bytes <= 1300);
    }

    #[test]
    fn what_would_be_gone_by_now_is_not_brought_back() {
        let (mut kept, now) = (Kept::new(10_000), Instant::now());
        kept.push(append(1, "row"), Duration::from_secs(1), now);
        kept.push(append(2, "row"), HOUR, now);
        assert_eq!(ids(&kept, now + Duration::from_secs(2)), [2]);
    }

    #[test]
    fn nothing_is_kept_where_nothing_may_be() {
        let (mut kept, now) = (Kept::new(0), Instant::now());
        kept.push(append(1, "task_completed"), HOUR, now);
        assert_eq!(ids(&kept, now), [0; 0]);
    }
}
