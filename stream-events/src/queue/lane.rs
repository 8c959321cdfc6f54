//! One stream's events in their order.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Instant;

use super::{Draft, Position, Queue, Taken};
use crate::job::Run;
use crate::random::Random;
use crate::spool::Record;
use crate::stats::Reason;
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// At most so many events, and about so many bytes, of one stream are sent at a time.
pub(super) const BATCH_EVENTS: usize = 1024;
pub(super) const BATCH_BYTES: usize = 256 * 1024;

/// Where the events of one job wait. All runs of the job in this process share it, so that their
/// order is one.
pub(crate) struct Lane {
    pub(crate) key: Arc<str>,
    line: Mutex<Line>,
}

struct Line {
    events: VecDeque<Draft>,
    position: Position,
    /// Whether the queue's list or the worker has the lane.
    is_listed: bool,
    /// The first of the events that the worker has.
    in_flight: Option<u64>,
    next_index: u64,
    /// Whether any event had a time by which it has to be delivered.
    has_deadlines: bool,
    /// The runs that may still emit, oldest first.
    open: Vec<Weak<Run>>,
}

/// A moment of a lane: that its events up to here are gone.
#[derive(Debug)]
pub(crate) struct Mark {
    lane: Arc<Lane>,
    index: u64,
}

impl Lane {
    pub(super) fn new(key: Arc<str>, random: &Random) -> Self {
        Self {
            key,
            line: Mutex::new(Line {
                // Most jobs have one event on its way at a time, and there may be many of them.
                events: VecDeque::with_capacity(1),
                position: Position::new(random),
                is_listed: false,
                in_flight: None,
                next_index: 0,
                has_deadlines: false,
                open: Vec::new(),
            }),
        }
    }

    /// Takes the event in, and has the queue list the lane where it is in nobody's hands: still under
    /// the lock, so that whoever pushes next finds it where the worker looks.
    #[inline]
    pub(super) fn push(self: &Arc<Self>, mut draft: Draft, queue: &Queue) -> Result<(), Reason> {
        let room = &queue.room;
        let mut line = queue.enter(&self.line)?;
        let marks = &draft.run.marks;
        if marks.has_ended() {
            room.release(draft.freed());
            return Err(Reason::AfterEnd);
        }
        let earlier = match draft.coalesces {
            Some(phase) if room.is_pressed() => line.take_newest_progress(&draft.run, phase),
            _ => None,
        };
        match earlier {
            Some(earlier) => {
                queue.counters.coalesced();
                draft.take_the_place_of(&earlier, room);
            }
            None if draft.find_room(room) => {}
            None => {
                draft.run.marks.add_missing(draft.missing + 1);
                return Err(Reason::QueueFull);
            }
        }
        if draft.ends() {
            draft.run.marks.end();
        }
        line.has_deadlines |= draft.has_deadline();
        draft.missing += draft.run.marks.take_missing();
        draft.index = line.next_index;
        line.next_index += 1;
        line.events.push_back(draft);
        if std::mem::replace(&mut line.is_listed, true) {
            return Ok(());
        }
        queue.list(Arc::clone(self))
    }

    /// The next events. They get their seqs now: what was coalesced is not among them, what was
    /// dropped leaves a hole. Beside them, those whose time is up.
    pub(super) fn take(self: Arc<Self>, now: Instant) -> (Taken, Vec<Draft>) {
        let mut line = self.line();
        let late = line.take_late(now);
        let mut events = line.take_batch();
        for draft in &mut events {
            draft.seq = draft.run.marks.next_seq(draft.missing);
        }
        line.in_flight = events.first().map(|draft| draft.index);
        let position = line.position;
        drop(line);
        let taken = Taken {
            lane: self,
            position,
            events,
        };
        (taken, late)
    }

    /// Those that wait and whose time is up.
    pub(super) fn take_late(&self, now: Instant) -> Vec<Draft> {
        self.line().take_late(now)
    }

    /// The lifecycle events that wait and were never asked for here, under the seqs that they will
    /// have: what is dropped before them leaves its hole, and what is coalesced comes before no end.
    pub(crate) fn unspooled(&self) -> Vec<Record> {
        let mut line = self.line();
        let (mut records, mut seqs) = (Vec::new(), Vec::<(Arc<Run>, u64)>::new());
        for draft in &mut line.events {
            let at = seqs
                .iter()
                .position(|(run, _)| Arc::ptr_eq(run, &draft.run));
            let at = at.unwrap_or_else(|| {
                seqs.push((Arc::clone(&draft.run), draft.run.marks.seq()));
                seqs.len() - 1
            });
            let seq = seqs[at].1 + draft.missing;
            seqs[at].1 = seq + 1;
            if draft.is_for_spool() && !std::mem::replace(&mut draft.is_spooled, true) {
                records.push(draft.record(seq, &draft.values(seq)));
            }
        }
        records
    }

    /// The events that were taken are settled; says whether there are more, so that the lane stays
    /// listed.
    pub(super) fn release(&self, position: Position) -> bool {
        let mut line = self.line();
        line.position = position;
        line.in_flight = None;
        line.is_listed = !line.events.is_empty();
        line.is_listed
    }

    pub(crate) fn add(&self, run: &Arc<Run>) {
        let mut line = self.line();
        let is_open = |run: &Weak<Run>| run.upgrade().is_some_and(|run| !run.marks.has_ended());
        line.open.retain(is_open);
        line.open.reserve_exact(1);
        line.open.push(Arc::downgrade(run));
    }

    /// The runs of the job that have not ended, oldest first.
    pub(crate) fn open_runs(&self) -> Vec<Arc<Run>> {
        let open: Vec<_> = self.line().open.iter().filter_map(Weak::upgrade).collect();
        open.into_iter()
            .filter(|run| !run.marks.has_ended())
            .collect()
    }

    /// What has to be gone for a flush to be done; none where nothing waits.
    pub(super) fn mark(self: &Arc<Self>) -> Option<Mark> {
        let line = self.line();
        line.oldest().map(|_| Mark {
            lane: Arc::clone(self),
            index: line.next_index,
        })
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn take_batch(&mut self) -> Vec<Draft> {
        let mut bytes = 0;
        let fits = |draft: &&Draft| {
            let fits = bytes < BATCH_BYTES;
            bytes += draft.text.len();
            fits
        };
        let count = self
            .events
            .iter()
            .take(BATCH_EVENTS)
            .take_while(fits)
            .count();
        if count < self.events.len() {
            return self.events.drain(..count).collect();
        }
        // They stay where they are, and as many have room for those that come.
        let empty = VecDeque::with_capacity(count);
        std::mem::replace(&mut self.events, empty).into()
    }

    fn take_newest_progress(&mut self, run: &Arc<Run>, phase: u64) -> Option<Draft> {
        let replaceable =
            |draft: &Draft| draft.coalesces == Some(phase) && Arc::ptr_eq(&draft.run, run);
        let at = self.events.iter().rposition(replaceable)?;
        self.events.remove(at)
    }

    /// Each leaves its hole to the next event of its run.
    fn take_late(&mut self, now: Instant) -> Vec<Draft> {
        let mut late = Vec::new();
        if !self.has_deadlines || !self.events.iter().any(|draft| draft.is_late(now)) {
            return late;
        }
        let mut holes: Vec<(Arc<Run>, u64)> = Vec::new();
        for mut draft in std::mem::take(&mut self.events) {
            let at = holes
                .iter()
                .position(|(run, _)| Arc::ptr_eq(run, &draft.run));
            if draft.is_late(now) {
                match at {
                    Some(at) => holes[at].1 += draft.missing + 1,
                    None => holes.push((Arc::clone(&draft.run), draft.missing + 1)),
                }
                late.push(draft);
            } else {
                draft.missing += at.map_or(0, |at| holes.swap_remove(at).1);
                self.events.push_back(draft);
            }
        }
        for (run, missing) in holes {
            run.marks.add_missing(missing);
        }
        late
    }

    fn oldest(&self) -> Option<u64> {
        self.in_flight
            .or_else(|| self.events.front().map(|draft| draft.index))
    }
}

impl Mark {
    pub(crate) fn is_passed(&self) -> bool {
        self.lane
            .line()
            .oldest()
            .is_none_or(|oldest| oldest >= self.index)
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lane({})", self.key)
    }
}
