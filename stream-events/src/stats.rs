//! What became of every event, counted.

use std::fmt;

use crate::sync::atomic::AtomicU64;
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// A publisher's counts since it was connected.
///
/// `emitted == delivered + coalesced + dropped.total() + pending`, at every moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Events handed in.
    pub emitted: u64,
    /// Events that the store acknowledged.
    pub delivered: u64,
    /// Progress events that a newer one took the place of, because the queue was more than half
    /// full.
    pub coalesced: u64,
    /// Events that will never arrive, by reason.
    pub dropped: Dropped,
    /// Events that wait or are on their way; after a shutdown, those that wait in the
    /// spool (`Builder::spool`) for the next process.
    pub pending: u64,
    /// Delivered events that the store had lost, and took again from
    /// [what is kept](crate::Builder::replay_bytes) for that.
    pub replayed: u64,
    /// Ends of runs that count as delivered without the [durability](crate::Builder::durability)
    /// that was asked for: the store has no such thing.
    pub unconfirmed: u64,
    /// Lifecycle events that wait and stand in the spool (`Builder::spool`) too.
    pub spooled: u64,
    /// Lifecycle events that were to stand there while they waited, and could not be written.
    pub unspooled: u64,
    /// Events that another process had left in the spool, and the store has now.
    pub restored: u64,
    /// Delivered lifecycle events of this process that the index of jobs lacks, wholly or in part: the store
    /// refused them there, could not take them for long, or the publisher was shut down before they were told
    /// of. A feed does not give them, and a list of jobs may not show theirs; the job's own stream has them.
    pub unindexed: u64,
    /// Runs for which the store took no lease when they began, for lack of rights above all. Where the process
    /// of one dies before the store takes a lease after all, nobody declares that run lost.
    pub unleased: u64,
    /// How often `progress!`, `progress_span!` or `publish!` was called outside of any job, or in a span
    /// of one that is over, and left no event: no part of what was emitted. Of the publisher that is
    /// [installed](crate::Publisher::install); progress is counted where the Layer of
    /// `stream-events-tracing` hears it.
    pub outside_of_job: u64,
}

/// Why events were dropped. Each is a hole in its run's `seq`, but for those after the run's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Dropped {
    /// The queue had no room: the store was away for long, or is slower than the events come.
    pub queue_full: u64,
    /// The store will never take the event, such as where the key holds something other than a
    /// stream.
    pub rejected: u64,
    /// The store did not take it within the
    /// [`delivery_timeout`](crate::Builder::delivery_timeout).
    pub expired: u64,
    /// The run had ended already, and somebody held a handle to it still.
    pub after_end: u64,
    /// The publisher was shut down before the event was delivered, or before it came.
    pub shut_down: u64,
}

impl Dropped {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.queue_full + self.rejected + self.expired + self.after_end + self.shut_down
    }
}

/// What became of the events, at the end of a [`flush`](crate::Publisher::flush) or
/// [`shutdown`](crate::Publisher::shutdown).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a flush that ran out of time leaves events undelivered"]
pub struct Report {
    /// Whether every event that was emitted before the call has been delivered, coalesced or
    /// dropped; false where time ran out.
    pub complete: bool,
    /// The counts at that moment.
    pub stats: Stats,
}

impl Report {
    /// What there is to say once nothing more will be delivered. What is pending is being dropped by
    /// another thread at this moment.
    pub(crate) fn last(stats: Stats) -> Self {
        Self {
            complete: stats.pending == 0 && stats.dropped.shut_down == 0,
            stats,
        }
    }
}

/// For a log line.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stats {
            delivered,
            coalesced,
            dropped,
            pending,
            spooled,
            ..
        } = self.stats;
        let dropped = dropped.total();
        write!(
            f,
            "{delivered} delivered, {coalesced} coalesced, {dropped} dropped, {pending} pending"
        )?;
        if spooled > 0 {
            write!(f, " ({spooled} of them in the spool, for the next process)")?;
        }
        Ok(())
    }
}

/// Why one event was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    QueueFull,
    Rejected,
    Expired,
    AfterEnd,
    ShutDown,
}

/// The counters behind [`Stats`]. What is pending is what no other counter has: it cannot drift.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    emitted: AtomicU64,
    delivered: AtomicU64,
    coalesced: AtomicU64,
    queue_full: AtomicU64,
    rejected: AtomicU64,
    expired: AtomicU64,
    replayed: AtomicU64,
    unconfirmed: AtomicU64,
    spooled: AtomicU64,
    unspooled: AtomicU64,
    restored: AtomicU64,
    unindexed: AtomicU64,
    unleased: AtomicU64,
    outside_of_job: AtomicU64,
    after_end: AtomicU64,
    shut_down: AtomicU64,
}

impl Counters {
    /// Called before the hand-over, so that no event is ever delivered that was not counted.
    pub(crate) fn emitted(&self) {
        self.emitted.fetch_add(1, Relaxed);
    }

    pub(crate) fn delivered(&self, events: u64) {
        self.delivered.fetch_add(events, Release);
    }

    pub(crate) fn coalesced(&self) {
        self.coalesced.fetch_add(1, Release);
    }

    pub(crate) fn dropped(&self, reason: Reason) {
        let counter = match reason {
            Reason::QueueFull => &self.queue_full,
            Reason::Rejected => &self.rejected,
            Reason::Expired => &self.expired,
            Reason::AfterEnd => &self.after_end,
            Reason::ShutDown => &self.shut_down,
        };
        counter.fetch_add(1, Release);
    }

    pub(crate) fn set_replayed(&self, events: u64) {
        self.replayed.store(events, Relaxed);
    }

    pub(crate) fn set_unconfirmed(&self, ends: u64) {
        self.unconfirmed.store(ends, Relaxed);
    }

    pub(crate) fn set_spool(&self, spooled: u64, unspooled: u64, restored: u64) {
        self.spooled.store(spooled, Relaxed);
        self.unspooled.store(unspooled, Relaxed);
        self.restored.store(restored, Relaxed);
    }

    pub(crate) fn set_index(&self, unindexed: u64, unleased: u64) {
        self.unindexed.store(unindexed, Relaxed);
        self.unleased.store(unleased, Relaxed);
    }

    /// Whether this is the first.
    pub(crate) fn outside_of_job(&self) -> bool {
        self.outside_of_job.fetch_add(1, Relaxed) == 0
    }

    pub(crate) fn stats(&self) -> Stats {
        // Whose end is seen here was emitted before: so that is seen below.
        let delivered = self.delivered.load(Acquire);
        let coalesced = self.coalesced.load(Acquire);
        let dropped = Dropped {
            queue_full: self.queue_full.load(Acquire),
            rejected: self.rejected.load(Acquire),
            expired: self.expired.load(Acquire),
            after_end: self.after_end.load(Acquire),
            shut_down: self.shut_down.load(Acquire),
        };
        // Read last: an event that ends meanwhile makes `pending` one too many for a moment, never
        // one too few.
        let settled = delivered + coalesced + dropped.total();
        let emitted = self.emitted.load(Relaxed);
        Stats {
            emitted,
            delivered,
            coalesced,
            dropped,
            pending: emitted.saturating_sub(settled),
            replayed: self.replayed.load(Relaxed),
            unconfirmed: self.unconfirmed.load(Relaxed),
            spooled: self.spooled.load(Relaxed),
            unspooled: self.unspooled.load(Relaxed),
            restored: self.restored.load(Relaxed),
            unindexed: self.unindexed.load(Relaxed),
            unleased: self.unleased.load(Relaxed),
            outside_of_job: self.outside_of_job.load(Relaxed),
        }
    }
}
