//! Where the next events of a stream go.

use std::time::{Duration, Instant};

use super::lane::BATCH_EVENTS;
use crate::EventId;
use crate::random::Random;

/// What is known of a stream's end, from which the ids of the next events follow.
///
/// A batch has to be either above all that the stream has or below its last id, as a whole: were it
/// taken in part, the rest could only go behind it. So all its events get one millisecond, that of
/// the newest, and numbers without a hole; and numbers of several writers in one millisecond lie
/// apart, since each counts in steps of its own ([`STRIDE`] times a random number), where a server
/// counts from 0, or from the last id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    last: EventId,
    step: u64,
    conflicts: u32,
    first_conflict: Option<Instant>,
    /// Others write here all the time: the store chooses the ids.
    is_shared: bool,
    /// When the stream was last told how long it is kept.
    expiry_set: Option<Instant>,
}

/// Larger than any batch.
const STRIDE: u64 = 2 * BATCH_EVENTS as u64;
const LARGEST_STEP: u64 = 1_000_000 * STRIDE;
/// So many conflicts within [`CONFLICT_WINDOW`] mean that the stream has several writers.
const MOST_CONFLICTS: u32 = 3;
const CONFLICT_WINDOW: Duration = Duration::from_secs(1);
impl Position {
    /// Nothing is known yet.
    pub(crate) fn new(random: &Random) -> Self {
        let random = (random.draw() >> 64) as u64;
        Self {
            last: EventId::ZERO,
            step: (1 + random % (LARGEST_STEP / STRIDE)) * STRIDE,
            conflicts: 0,
            first_conflict: None,
            is_shared: false,
            expiry_set: None,
        }
    }

    /// The ids of the next `count` events, of which the newest is of `ms`; none where the store is
    /// to choose them.
    pub(crate) fn advance(&mut self, ms: u64, count: usize) -> Option<Vec<EventId>> {
        if self.is_shared {
            return None;
        }
        let first = self.first(ms);
        let ids: Vec<_> = (0..count as u64)
            .map(|n| EventId::new(first.ms(), first.n() + n))
            .collect();
        self.last = ids.last().copied().unwrap_or(self.last);
        Some(ids)
    }

    /// The last id that the stream is known to have.
    pub(crate) fn last(&self) -> EventId {
        self.last
    }

    /// The stream has this id.
    pub(crate) fn pass(&mut self, id: EventId) {
        self.last = self.last.max(id);
    }

    /// Another writer has been on the stream, whose last id is `last` now: what follows goes above
    /// it.
    /// `again` where the same events have met one before, however long ago on a slow network.
    pub(crate) fn rebase(&mut self, last: EventId, now: Instant, again: bool) {
        self.last = self.last.max(last);
        let recent = self
            .first_conflict
            .is_some_and(|first| now.duration_since(first) <= CONFLICT_WINDOW);
        if !recent && !again {
            self.first_conflict = Some(now);
            self.conflicts = 0;
        }
        self.conflicts += 1;
        self.is_shared |= self.conflicts >= MOST_CONFLICTS;
    }

    /// Whether the stream has to be told again how long it is kept: it may have been deleted, or have
    /// outlived another run's end.
    pub(crate) fn expiry_is_due(&self, now: Instant, every: Duration) -> bool {
        let is_due = |set: Instant| now.duration_since(set) >= every;
        self.expiry_set.is_none_or(is_due)
    }

    pub(crate) fn set_expiry(&mut self, at: Option<Instant>) {
        self.expiry_set = at;
    }

    /// The clock may have gone back, or another host's be ahead: a stream's ids do not go back
    /// with it.
    fn first(&self, ms: u64) -> EventId {
        if ms > self.last.ms() {
            return EventId::new(ms, self.step);
        }
        let above = (self.last.n() / STRIDE).checked_mul(STRIDE);
        let next = above.and_then(|n| n.checked_add(self.step));
        match next.filter(|n| *n < u64::MAX - STRIDE) {
            Some(n) => EventId::new(self.last.ms(), n),
            None => EventId::new(self.last.ms().saturating_add(1), self.step),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row 23
    #[test]
    fn ids_only_rise_also_when_the_clock_goes_back() {
        let mut position = Position::new(&Random::default());
        let mut ids = Vec::new();
        for ms in [100, 100, 90, 101, 50] {
            ids.extend(position.advance(ms, 3).unwrap());
        }
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
        let step = position.step;
        assert_eq!(
            (ids[0], ids[3]),
            (EventId::new(100, step), EventId::new(100, 2 * step))
        );
        assert_eq!(ids[14].ms(), 101);
    }

    #[test]
    fn the_ids_of_two_writers_in_one_millisecond_do_not_interleave() {
        let mut writers = [
            Position::new(&Random::default()),
            Position::new(&Random::default()),
        ];
        // As near as they come to each other.
        writers[1].step = writers[0].step + STRIDE;
        let mut batches: Vec<_> = writers
            .iter_mut()
            .map(|writer| writer.advance(7, BATCH_EVENTS).unwrap())
            .collect();
        batches.sort();
        assert!(batches[0].last() < batches[1].first());
    }

    /// Rows 22 and 23
    #[test]
    fn after_a_conflict_ids_are_above_the_other_writers() {
        let mut position = Position::new(&Random::default());
        for other in [
            EventId::new(500, 7),
            EventId::new(500, u64::MAX),
            EventId::new(600, u64::MAX - STRIDE),
        ] {
            position.rebase(
                other,
                Instant::now() + CONFLICT_WINDOW * 2 * (other.ms() as u32),
                false,
            );
            assert!(position.advance(100, 1).unwrap()[0] > other);
        }
    }

    #[test]
    fn conflict_upon_conflict_leaves_the_ids_to_the_store() {
        let start = Instant::now();
        let mut position = Position::new(&Random::default());
        for n in 0..MOST_CONFLICTS {
            assert!(position.advance(1, 1).is_some());
            position.rebase(
                EventId::new(1, 0),
                start + Duration::from_millis(u64::from(n)),
                false,
            );
        }
        assert_eq!(position.advance(1, 1), None);

        let mut rarely = Position::new(&Random::default());
        for n in 0..10 {
            rarely.rebase(EventId::new(1, 0), start + CONFLICT_WINDOW * 2 * n, false);
        }
        assert!(
            rarely.advance(1, 1).is_some(),
            "conflicts far apart are no other writer at work"
        );
    }
}
