//! One execution of a job: what all its events share, and their way into the queue.

mod end;
mod progress;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::beats::Beats;
use super::marks::Marks;
use super::{JobId, Plan};
use crate::event::payload::Identity;
use crate::event::{EventType, Fields, Origin, cut_name};
use crate::publisher::Core;
use crate::queue::{Draft, Lane, Waiter};
use crate::stats::Reason;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// A run. It may outlive its end, held by events that wait.
pub(crate) struct Run {
    pub(crate) job: JobId,
    pub(crate) identity: Identity,
    pub(crate) lane: Arc<Lane>,
    pub(crate) marks: Marks,
    core: Arc<Core>,
    task_type: Option<Cow<'static, str>>,
    started: Started,
    ending: AtomicBool,
    /// Phases so far.
    phases: AtomicU64,
}

/// How a run began; nothing of it is known of one that others began.
#[derive(Default)]
struct Started {
    at: Option<Instant>,
    /// Whether a handle of this process sees the run to its end.
    is_held: bool,
    /// Bytes that the queue keeps free for that end.
    reserved: usize,
    /// Whether another run follows where this one fails.
    will_retry: AtomicBool,
    /// Of few runs.
    beats: OnceLock<Box<Beats>>,
    origin: Option<Box<Origin>>,
}

impl Run {
    /// A run that starts here and now: its end can tell how long it took, and will find room in the
    /// queue. A start that nobody awaits is a handle's, which sees the run to its end.
    pub(crate) fn begin(
        core: &Arc<Core>,
        plan: Plan,
        waiter: Option<Arc<Waiter>>,
    ) -> Result<Arc<Self>, Reason> {
        let Plan {
            job,
            task_type,
            fields,
            origin,
            has_heartbeat,
            ..
        } = plan;
        let queue = &core.queue;
        if queue.refuses_starts() || queue.is_left() {
            return Err(queue.refuse(Reason::ShutDown));
        }
        let is_held = waiter.is_none();
        let reserved = if is_held {
            queue.reserve_run()
        } else {
            Some(0)
        };
        let reserved = reserved.ok_or_else(|| queue.refuse(Reason::QueueFull))?;
        let at = Some(Instant::now());
        let started = Started {
            at,
            is_held,
            reserved,
            will_retry: AtomicBool::new(origin.will_retry()),
            beats: OnceLock::new(),
            origin: (origin != Origin::default()).then(|| Box::new(origin)),
        };
        let run = Self::new(core, job, Some(task_type), started);
        if has_heartbeat {
            run.begin_to_beat();
        }
        run.emit(EventType::TaskStarted, fields, waiter)?;
        run.lane.add(&run);
        // A shutdown may have looked for open runs just before this one could be found.
        if queue.refuses_starts() {
            run.cut_short();
        }
        Ok(run)
    }

    /// A run of events whose start is not known here.
    pub(crate) fn begun_elsewhere(
        core: &Arc<Core>,
        job: JobId,
        task_type: Option<&str>,
    ) -> Arc<Self> {
        Self::new(
            core,
            job,
            task_type.map(|name| name.to_owned().into()),
            Started::default(),
        )
    }

    fn new(
        core: &Arc<Core>,
        job: JobId,
        task_type: Option<Cow<'static, str>>,
        started: Started,
    ) -> Arc<Self> {
        let task_type = task_type.map(|name| match name {
            Cow::Borrowed(name) => cut_name(name).into(),
            Cow::Owned(mut name) => {
                name.truncate(cut_name(&name).len());
                name.into()
            }
        });
        let id = core.run_ids.draw();
        let origin = started.origin.as_deref();
        Arc::new(Self {
            identity: Identity::new(job.as_str(), task_type.as_deref(), id, origin),
            lane: core.lanes.lane(&job, &core.settings.prefix),
            marks: Marks::new(started.is_held),
            core: Arc::clone(core),
            task_type,
            started,
            ending: AtomicBool::new(false),
            phases: AtomicU64::new(0),
            job,
        })
    }

    /// What tells it from the other runs of its job.
    pub(crate) fn id(&self) -> &str {
        self.identity.run()
    }

    pub(crate) fn task_type(&self) -> Option<&str> {
        self.task_type.as_deref()
    }

    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Whether a handle of this process sees the run to its end.
    pub(crate) fn is_held(&self) -> bool {
        self.started.is_held
    }

    pub(super) fn beats(&self) -> Option<&Beats> {
        self.started.beats.get().map(Box::as_ref)
    }

    /// What it says is remembered from now on, to be said again.
    pub(super) fn begin_to_beat(&self) {
        self.started.beats.get_or_init(Box::default);
    }

    /// Where the run comes from, as it was known where it began.
    pub(super) fn origin(&self) -> &Origin {
        self.started.origin.as_deref().unwrap_or(&Origin::UNKNOWN)
    }

    /// Whether an end was asked for, be it on its way or delivered.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Relaxed)
    }

    /// Another run follows where this one fails, too, if it is known from elsewhere.
    pub(super) fn retries(&self, will_retry: bool) {
        self.started.will_retry.fetch_or(will_retry, Relaxed);
    }

    /// Takes back what others have declared while its process could not renew its lease; none where
    /// the run has come to its end, which says as much.
    pub(crate) fn resume(self: &Arc<Self>) -> Option<Result<(), Reason>> {
        let resumed = EventType::TaskResumed;
        (!self.is_ending()).then(|| self.emit(resumed, Fields::new(), None))
    }

    /// Hands an event over. Never waits; what is refused is counted.
    pub(crate) fn emit(
        self: &Arc<Self>,
        event_type: EventType,
        fields: Fields,
        waiter: Option<Arc<Waiter>>,
    ) -> Result<(), Reason> {
        let draft = self.draft(event_type, fields, waiter);
        self.core.queue.push(&self.lane, draft)
    }

    fn draft(
        self: &Arc<Self>,
        event_type: EventType,
        fields: Fields,
        waiter: Option<Arc<Waiter>>,
    ) -> Draft {
        let scrubbed = fields.scrubbed(self.scrub());
        self.hear(&event_type, &scrubbed);
        let text = scrubbed.into_text(self.identity.room(&event_type));
        self.draft_of(event_type, text, waiter)
    }

    /// Remembers what is about to be said, to be said again.
    fn hear(&self, event_type: &EventType, scrubbed: &Fields) {
        if let Some(beats) = self.beats() {
            beats.hear(event_type, scrubbed);
        }
    }

    fn draft_of(
        self: &Arc<Self>,
        event_type: EventType,
        text: Vec<u8>,
        waiter: Option<Arc<Waiter>>,
    ) -> Draft {
        let timeout = self.core.settings.delivery_timeout;
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        Draft::new(self, event_type, text, waiter).by(deadline)
    }
}

/// Gives back what was kept free for an end that never came.
impl Drop for Run {
    fn drop(&mut self) {
        if self.started.is_held && !*self.ending.get_mut() {
            let Self {
                core,
                marks,
                started,
                ..
            } = self;
            core.queue.release_run(started.reserved, &marks.slots);
        }
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Run({} of {})", self.id(), self.job)
    }
}
