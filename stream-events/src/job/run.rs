//! One execution of a job: what all its events share, and their way into the queue.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use serde::Serialize;
use uuid::Uuid;

use super::JobId;
use crate::event::payload::Identity;
use crate::event::{EventType, Fields, cut_name};
use crate::publisher::Core;
use crate::queue::{Draft, Lane, Waiter};
use crate::stats::Reason;

/// A run. It may outlive its end, held by events that wait.
pub(crate) struct Run {
    pub(crate) job: JobId,
    pub(crate) id: String,
    pub(crate) identity: Identity,
    pub(crate) lane: Arc<Lane>,
    pub(crate) marks: Marks,
    core: Arc<Core>,
    task_type: Option<Arc<str>>,
    started: Started,
    ending: AtomicBool,
}

/// How a run began; nothing of it is known of one that others began.
#[derive(Default)]
struct Started {
    at: Option<Instant>,
    /// Whether a handle of this process sees the run to its end.
    is_held: bool,
    /// Bytes that the queue keeps free for that end.
    reserved: usize,
}

/// What a run's events have come to. All of it changes under the lane's lock.
#[derive(Default)]
pub(crate) struct Marks {
    ended: AtomicBool,
    shown_progress: AtomicBool,
    /// Events that found no room since the last one that did.
    missing: AtomicU64,
    next_seq: AtomicU64,
}

/// How a run failed, as it stands in `error_kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureKind {
    Error,
    Panic,
    Cancelled,
}

impl Run {
    /// A run that starts here and now: its end can tell how long it took, and will find room in the
    /// queue. A start that nobody awaits is a handle's, which sees the run to its end.
    pub(crate) fn begin(
        core: &Arc<Core>,
        job: JobId,
        task_type: &str,
        fields: Fields,
        waiter: Option<Arc<Waiter>>,
    ) -> Result<Arc<Self>, Reason> {
        let queue = &core.queue;
        if queue.refuses_starts() {
            return Err(queue.refuse(Reason::ShutDown));
        }
        let is_held = waiter.is_none();
        let reserved = if is_held {
            queue.reserve_end()
        } else {
            Some(0)
        };
        let reserved = reserved.ok_or_else(|| queue.refuse(Reason::QueueFull))?;
        let at = Some(Instant::now());
        let started = Started {
            at,
            is_held,
            reserved,
        };
        let run = Self::new(core, job, Some(task_type), started);
        run.emit(EventType::TaskStarted, fields, waiter)?;
        run.lane.add(&run);
        // A shutdown may have looked for open runs just before this one could be found.
        if queue.refuses_starts() {
            run.cut_short();
        }
        Ok(run)
    }

    /// A run of events whose start is not known here.
    pub(crate) fn join(core: &Arc<Core>, job: JobId, task_type: Option<&str>) -> Arc<Self> {
        Self::new(core, job, task_type, Started::default())
    }

    fn new(core: &Arc<Core>, job: JobId, task_type: Option<&str>, started: Started) -> Arc<Self> {
        let id = Uuid::new_v4().simple().to_string();
        let task_type = task_type.map(cut_name);
        Arc::new(Self {
            identity: Identity::new(job.as_str(), task_type, &id),
            lane: core.lanes.lane(&job, &core.settings.prefix),
            marks: Marks::default(),
            core: Arc::clone(core),
            task_type: task_type.map(Arc::from),
            started,
            ending: AtomicBool::new(false),
            job,
            id,
        })
    }

    pub(crate) fn task_type(&self) -> Option<&str> {
        self.task_type.as_deref()
    }

    /// Whether an end was asked for, be it on its way or delivered.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Relaxed)
    }

    /// Ends a run that a handle would have seen to its end, and cannot any more.
    pub(crate) fn cut_short(self: &Arc<Self>) {
        if self.started.is_held && !self.is_ending() {
            let why = "the publisher was shut down before the job was done";
            let _ = self.fail(FailureKind::Cancelled, why, &Fields::new(), None);
        }
    }

    /// Ends a run whose job was started again before it ended.
    pub(crate) fn displaced(self: &Arc<Self>) {
        let why = "the job was started again before this run ended";
        let _ = self.fail(FailureKind::Cancelled, why, &Fields::new(), None);
    }

    /// Hands an event over. Never waits; what is refused is counted.
    pub(crate) fn emit(
        self: &Arc<Self>,
        event_type: EventType,
        fields: Fields,
        waiter: Option<Arc<Waiter>>,
    ) -> Result<(), Reason> {
        let text = fields.into_text(self.identity.room());
        self.core
            .queue
            .push(Draft::new(self, event_type, text, waiter))
    }

    /// Ends the run well.
    pub(crate) fn complete<T: Serialize + ?Sized>(
        self: &Arc<Self>,
        result: &T,
        fields: &Fields,
        waiter: Option<Arc<Waiter>>,
    ) -> Result<(), Reason> {
        let own = Fields::new().own("result", result);
        self.end(EventType::TaskCompleted, own, fields, waiter)
    }

    /// Ends the run badly.
    pub(crate) fn fail(
        self: &Arc<Self>,
        kind: FailureKind,
        error: &str,
        fields: &Fields,
        waiter: Option<Arc<Waiter>>,
    ) -> Result<(), Reason> {
        let own = Fields::new()
            .own("error", error)
            .own("error_kind", kind.as_str())
            .own("will_retry", &false);
        self.end(EventType::TaskFailed, own, fields, waiter)
    }

    fn end(
        self: &Arc<Self>,
        event_type: EventType,
        own: Fields,
        fields: &Fields,
        waiter: Option<Arc<Waiter>>,
    ) -> Result<(), Reason> {
        let queue = &self.core.queue;
        if self.ending.swap(true, Relaxed) {
            return Err(queue.refuse(Reason::AfterEnd));
        }
        let own = match self.started.at {
            Some(started) => own.own("duration_ms", &(started.elapsed().as_millis() as u64)),
            None => own,
        };
        let fields = own.and(fields);
        let room = queue.end_room(
            fields.size().min(self.identity.room()),
            self.started.reserved,
        );
        let text = fields.into_text(room.text);
        queue.push(Draft::new(self, event_type, text, waiter).paid(room.paid))
    }
}

/// Gives back what was kept free for an end that never came.
impl Drop for Run {
    fn drop(&mut self) {
        if !*self.ending.get_mut() {
            self.core.queue.release_end(self.started.reserved);
        }
    }
}

impl Marks {
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Relaxed)
    }

    pub(crate) fn end(&self) {
        self.ended.store(true, Relaxed);
    }

    /// Whether this is the run's first progress, which is never coalesced.
    pub(crate) fn first_progress(&self) -> bool {
        !self.shown_progress.swap(true, Relaxed)
    }

    pub(crate) fn add_missing(&self, events: u64) {
        self.missing.fetch_add(events, Relaxed);
    }

    pub(crate) fn take_missing(&self) -> u64 {
        self.missing.swap(0, Relaxed)
    }

    /// The seq of the run's next event, `missing` events after its last.
    pub(crate) fn next_seq(&self, missing: u64) -> u64 {
        self.next_seq.fetch_add(missing + 1, Relaxed) + missing
    }
}

impl FailureKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Panic => "panic",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Run({} of {})", self.id, self.job)
    }
}
