//! A run of a job as the code that does the work holds it.

mod adopted;
mod beats;
mod builder;
mod current;
mod failure;
mod id;
mod marks;
mod numbers;
mod phases;
mod pieces;
mod plan;
mod progress;
mod run;
mod spans;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::Serialize;

pub use adopted::{Adopted, Ending, adopt};
pub(crate) use beats::BEATS;
pub use builder::JobBuilder;
use current::scope;
pub use current::{Whose, scope_here};
pub(crate) use current::{Worker, current, enter, whose};
pub(crate) use failure::FailureKind;
pub use id::JobId;
pub(crate) use id::check_prefix;
pub use phases::{next_phase, of_phase, progress_of, scrub, scrub_fields};
pub use pieces::{NO_TEXT, add_fields, nothing_yet, said, say, say_numbers, say_step};
pub(crate) use plan::Plan;
pub(crate) use progress::KEYS as PROGRESS_KEYS;
pub use progress::Progress;
pub(crate) use run::Run;
pub use spans::{JOB_TARGET, Owner, Spans, WeakJob, hear};
pub(crate) use spans::{installed, is_news};

use crate::event::{EventType, value};
use crate::publisher::Core;
use crate::worker::Notice;
use crate::{Error, Fields, MAX_PAYLOAD};

/// A handle to a run, made by [`Publisher::job`](crate::Publisher::job). A clone is another handle
/// to the same run.
///
/// No method waits, fails or panics: what is emitted is queued, and [`Stats`](crate::Stats) counts
/// what became of it. The first of [`completed`](Self::completed) and [`failed`](Self::failed) ends
/// the run, and nothing comes after it. Where neither is called, the run fails as `cancelled` when
/// its last handle is dropped.
///
/// ```
/// use stream_events::{Fields, Progress, Publisher};
///
/// let publisher = Publisher::connect("memory:")?;
/// let job = publisher.job("job_001", "import")?;
/// job.progress(Progress::new("reading").current(1).total(3));
/// job.emit("file_read", Fields::new().field("rows", &42));
/// job.completed(&());
/// # Ok::<(), stream_events::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "dropping a job's last handle ends its run as cancelled"]
pub struct Job(Arc<Handle>);

struct Handle {
    run: Arc<Run>,
    span: tracing::Span,
    /// An adopted run, which an annotated function of the same job joins.
    may_be_joined: AtomicBool,
}

impl Job {
    /// Within the job around it. The span comes first, so that `task_started` tells its trace already.
    pub(crate) fn start(
        core: &Arc<Core>,
        plan: Plan,
        around: Option<&Self>,
    ) -> Result<Self, Error> {
        let mut plan = plan.within(around.map(Self::id));
        let span = spans::open(&plan);
        if spans::is_hidden(&span) {
            core.say(Notice::Hidden);
        }
        plan.origin.trace = spans::trace(&span);
        let job = Self::begin(core, plan, span, false)?;
        spans::attach(&job.0.span, Owner::of(&job));
        core.is_used();
        Ok(job)
    }

    fn begin(
        core: &Arc<Core>,
        plan: Plan,
        span: tracing::Span,
        may_be_joined: bool,
    ) -> Result<Self, Error> {
        let id = plan.job.clone();
        let refused = |reason| core.refusal(reason, &EventType::TaskStarted, &id);
        let handle = Handle {
            run: Run::begin(core, plan, None).map_err(refused)?,
            span,
            may_be_joined: AtomicBool::new(may_be_joined),
        };
        Ok(Self(Arc::new(handle)))
    }

    /// The job that the caller works for: the one in whose [`scope`](Self::scope) it is called, or
    /// where there is none, that of the current `tracing` span, by the Layer of
    /// `stream-events-tracing`. So a task that was spawned with `.in_current_span()` finds its job.
    #[must_use = "dropping a job's last handle ends its run as cancelled"]
    pub fn current() -> Option<Self> {
        current()
    }

    /// The job's id.
    #[must_use]
    pub fn id(&self) -> &JobId {
        &self.run().job
    }

    /// This run's id, as it stands in `run` of each of its events.
    #[must_use]
    pub fn run_id(&self) -> &str {
        self.run().id()
    }

    /// The kind of work.
    #[must_use]
    pub fn task_type(&self) -> &str {
        self.run().task_type().unwrap_or_default()
    }

    /// Says where the job stands. A text alone is a message.
    pub fn progress(&self, progress: impl Into<Progress>) {
        self.run().say(&mut progress.into());
    }

    /// Emits a domain event. The names of lifecycle events are the run's own: one of these gets a
    /// trailing `_`.
    pub fn emit(&self, event_type: &str, fields: Fields) {
        let _ = self.run().emit(EventType::domain(event_type), fields, None);
    }

    /// Ends the run well. `()` is a result of `null`.
    pub fn completed<T: Serialize + ?Sized>(&self, result: &T) {
        self.completed_within(result, MAX_PAYLOAD);
    }

    /// The same with a head of the result, where it has more bytes than that.
    pub(crate) fn completed_within<T: Serialize + ?Sized>(&self, result: &T, most: usize) {
        let _ = self.run().complete_within(result, most);
    }

    /// Ends the run badly, as an `error`.
    pub fn failed(&self, error: impl fmt::Display) {
        self.fail(FailureKind::Error, &value::text(&error));
    }

    /// Runs this as part of this run: `progress!` and `publish!` in it find the job. For threads that
    /// the job hands work to, such as `spawn_blocking` or rayon.
    ///
    /// ```
    /// use stream_events::{Job, publish};
    ///
    /// fn sort(pages: &mut [u32]) {
    ///     let job = Job::current();
    ///     std::thread::scope(|threads| {
    ///         threads.spawn(|| match &job {
    ///             Some(job) => job.in_scope(|| publish!("sorting")),
    ///             None => {}
    ///         });
    ///     });
    ///     pages.sort();
    /// }
    /// # sort(&mut [3, 2]);
    /// ```
    pub fn in_scope<R>(&self, run: impl FnOnce() -> R) -> R {
        enter(self, run)
    }

    /// Runs a future as part of this run: `progress!` and `publish!` in it find the job.
    pub fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        scope(self.clone(), future)
    }

    pub(crate) fn fail(&self, kind: FailureKind, error: &str) {
        let _ = self.run().fail(kind, error, &Fields::new(), None);
    }

    /// Ends the run as `cancelled`, unless it has ended.
    pub(crate) fn cancel(&self, why: &str) {
        if !self.run().is_ending() {
            self.fail(FailureKind::Cancelled, why);
        }
    }

    #[cfg(feature = "testing")]
    pub(crate) fn core(&self) -> &Arc<Core> {
        self.run().core()
    }

    pub(crate) fn run(&self) -> &Arc<Run> {
        &self.0.run
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("id", self.id())
            .field("run", &self.run_id())
            .finish_non_exhaustive()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if !self.run.is_ending() {
            let _ = self.run.fail(
                FailureKind::Cancelled,
                "the job's last handle was dropped before it was done",
                &Fields::new(),
                None,
            );
        }
    }
}
