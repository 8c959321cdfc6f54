//! What models are written with: a publisher without its thread, and a worker that does what it is
//! told.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use shuttle::future::block_on;
use shuttle::thread::{JoinHandle, spawn};

use crate::event::EventType;
use crate::job::{JobId, Plan, Run};
use crate::publisher::{Core, Publisher};
use crate::queue::{Attention, Draft, Outcome, Outcomes, Queue};
use crate::stats::Reason;
use crate::worker::{Meanwhile, Worker, rest};
use crate::{EventId, Fields, Stats};

/// A publisher for a memory of its own.
pub(super) fn publisher(queue_bytes: usize) -> (Publisher, Worker) {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let url = format!("memory:model_{}", NEXT.fetch_add(1, Relaxed));
    let builder = Publisher::builder().url(url).queue_bytes(queue_bytes);
    builder.parts().unwrap()
}

pub(super) fn core(queue_bytes: usize) -> Arc<Core> {
    publisher(queue_bytes).0.core
}

/// More than any model needs.
pub(super) const AMPLE: usize = 1 << 20;

pub(super) fn begin(core: &Arc<Core>, job: &str) -> Result<Arc<Run>, Reason> {
    let job = JobId::try_from(job).unwrap();
    Run::begin(core, Plan::new(job, "t"), None)
}

pub(super) fn progress(run: &Arc<Run>, number: u64) {
    run.progress(Fields::new().field("n", &number));
}

pub(super) fn emit(run: &Arc<Run>, number: u64) -> Result<(), Reason> {
    let fields = Fields::new().field("n", &number);
    run.emit(EventType::domain("row"), fields, None)
}

pub(super) fn complete(run: &Arc<Run>) {
    run.complete(&(), &Fields::new(), None).unwrap();
}

/// An event as the worker took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) run: String,
    pub(super) seq: u64,
    pub(super) event_type: String,
    pub(super) text: String,
    pub(super) coalesced: u64,
}

impl Seen {
    fn of(draft: &Draft) -> Self {
        Self {
            run: draft.run.id().to_owned(),
            seq: draft.seq,
            event_type: draft.event_type.to_string(),
            text: String::from_utf8(draft.text.clone()).unwrap(),
            coalesced: draft.coalesced,
        }
    }

    pub(super) fn is_end(&self) -> bool {
        self.event_type == "task_completed" || self.event_type == "task_failed"
    }

    /// The number that it was emitted with.
    pub(super) fn number(&self) -> Option<u64> {
        let number = self.text.split_once("\"n\":")?.1;
        number.trim_end_matches('}').parse().ok()
    }
}

/// What the worker took and settled, in that order.
#[derive(Debug, Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<Seen>>>);

impl Log {
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.0.lock().unwrap().clone()
    }

    pub(super) fn numbers(&self) -> Vec<u64> {
        self.seen().iter().filter_map(Seen::number).collect()
    }

    pub(super) fn ends(&self) -> usize {
        self.seen().iter().filter(|seen| seen.is_end()).count()
    }

    /// Takes what waits, and settles it.
    pub(super) fn deliver(&self, queue: &Queue) {
        while let Some(taken) = queue.take(Instant::now()) {
            let seen: Vec<_> = taken.events.iter().map(Seen::of).collect();
            queue.settle(delivered(taken.events));
            self.0.lock().unwrap().extend(seen);
            queue.release(taken.lane, taken.position);
        }
    }
}

/// All of them are.
pub(super) fn delivered(events: Vec<Draft>) -> Outcomes {
    let outcome = |draft| (draft, Outcome::Delivered(EventId::ZERO));
    events.into_iter().map(outcome).collect()
}

/// A worker that rests as the real one does, and goes home when it has seen enough.
pub(super) fn worker(core: &Arc<Core>, is_enough: fn(&Log) -> bool) -> (JoinHandle<()>, Log) {
    let (queue, log) = (Arc::clone(&core.queue), Log::default());
    let theirs = log.clone();
    let worker = spawn(move || {
        while !is_enough(&theirs) {
            block_on(rest(&queue, true, None, Meanwhile::Answers));
            queue.attend(Attention::Awake);
            theirs.deliver(&queue);
        }
    });
    (worker, log)
}

/// What `Stats` promises of every moment.
pub(super) fn add_up(stats: Stats) {
    let Stats {
        emitted,
        delivered,
        coalesced,
        dropped,
        pending,
        ..
    } = stats;
    assert_eq!(
        emitted,
        delivered + coalesced + dropped.total() + pending,
        "{stats:?}"
    );
}

/// Takes all room that is nobody's, and says how much that was.
pub(super) fn fill(queue: &Queue) -> usize {
    let sizes = (0..usize::BITS).rev().map(|bit| 1 << bit);
    sizes.filter(|bytes| queue.room.claim(*bytes)).sum()
}

/// Whether all room is free again, and no more than that.
pub(super) fn is_vacant(queue: &Queue) -> bool {
    let room = &queue.room;
    let is_free = room.claim(room.limit());
    if is_free {
        room.release(room.limit());
    }
    is_free && !room.claim(room.limit() + 1)
}
