//! What `#[job_events]` expands to: a start, and one call that sees the run to its end.

mod returns;

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use serde::Serialize;

pub use returns::{ErrorDisplay, Judge, Plain, ResultSerialize, Returns, plain};

use crate::event::{Fields, value};
use crate::job::{self, FailureKind, Job, JobId};
use crate::publisher::{Publisher, current_publisher};

/// What can name a job: anything that displays.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a job id: it does not implement `Display`",
    label = "not a job id",
    note = "a job is named by what a value displays: implement `Display` for it, or name another one, as in `job_id = request.id`"
)]
pub trait JobIdSource {
    /// The id's text.
    fn text(&self) -> String;
}

impl<T: fmt::Display + ?Sized> JobIdSource for T {
    fn text(&self) -> String {
        value::text(self)
    }
}

/// A run that is about to start; nothing where no publisher is installed, so that nothing is
/// written then.
#[must_use]
pub struct Start(Option<Planned>);

struct Planned {
    publisher: Publisher,
    job: JobId,
    task_type: Box<str>,
    fields: Fields,
}

/// The start of a run of this job.
pub fn start<I: JobIdSource + ?Sized>(task_type: &str, job_id: &I) -> Start {
    planned(task_type, || JobId::try_from(job_id.text()))
}

/// The start of a run of a job that gets an id of its own.
pub fn start_new(task_type: &str) -> Start {
    planned(task_type, || Ok(JobId::random()))
}

fn planned(task_type: &str, job: impl FnOnce() -> Result<JobId, crate::Error>) -> Start {
    let Some(publisher) = current_publisher() else {
        return Start(None);
    };
    match job() {
        Ok(job) => Start(Some(Planned {
            publisher,
            job,
            task_type: task_type.into(),
            fields: Fields::new(),
        })),
        Err(error) => {
            unseen(task_type, &error);
            Start(None)
        }
    }
}

/// The job runs all the same: its events are what is missing.
fn unseen(task_type: &str, error: &crate::Error) {
    tracing::error!(target: "stream_events", "a run of `{task_type}` leaves no events: {error}");
}

impl Start {
    /// A field of `task_started`, by serde.
    pub fn field<T: Serialize + ?Sized>(self, key: &str, value: &T) -> Self {
        self.with(|fields| fields.field(key, value))
    }

    /// A field of `task_started`, by `Display`.
    pub fn display<T: fmt::Display + ?Sized>(self, key: &str, value: &T) -> Self {
        self.with(|fields| fields.display(key, value))
    }

    /// A field of `task_started`, by `Debug`.
    pub fn debug<T: fmt::Debug + ?Sized>(self, key: &str, value: &T) -> Self {
        self.with(|fields| fields.debug(key, value))
    }

    fn with(self, add: impl FnOnce(Fields) -> Fields) -> Self {
        Self(self.0.map(|planned| Planned {
            fields: add(planned.fields),
            ..planned
        }))
    }

    fn begin(self) -> Option<Job> {
        let Planned {
            publisher,
            job,
            task_type,
            fields,
        } = self.0?;
        Job::start(&publisher.core, job, &task_type, fields)
            .inspect_err(|error| unseen(&task_type, error))
            .ok()
    }
}

/// Runs `job` as a run of its own, which ends with it: however it returns, also where it panics or is
/// dropped.
pub fn observe<R, T, F: Future<Output = R>>(
    start: Start,
    judge: Judge<R, T>,
    job: F,
) -> Observed<F, R, T> {
    Observed {
        run: start.begin(),
        judge,
        job: Some(job),
    }
}

pin_project! {
    /// A job at work. Not an `async fn`, which would hold the job twice: nested jobs would double at
    /// each level.
    #[must_use = "futures do nothing unless polled"]
    pub struct Observed<F, R, T> {
        run: Option<Job>,
        judge: Judge<R, T>,
        // None once it is done.
        #[pin]
        job: Option<F>,
    }

    impl<F, R, T> PinnedDrop for Observed<F, R, T> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let Some(run) = this.run.take() else { return };
            // What the job's own destructors say still comes before the end.
            job::enter(&run, || this.job.set(None));
            run.cancel("the future was dropped before it was done");
        }
    }
}

impl<F: Future<Output = R>, R, T> Future for Observed<F, R, T> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<R> {
        let mut this = self.project();
        let job = this
            .job
            .as_mut()
            .as_pin_mut()
            .expect("a future is not polled after it is done");
        let Some(run) = this.run else {
            return job.poll(context);
        };
        let polled = job::enter(run, || catch_unwind(AssertUnwindSafe(|| job.poll(context))));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(returned)) => {
                job::enter(run, || this.job.set(None));
                this.judge.end(run, &returned);
                Poll::Ready(returned)
            }
            Err(panic) => {
                run.fail(FailureKind::Panic, message(&*panic));
                resume_unwind(panic)
            }
        }
    }
}

/// What a panic says: `panic!` carries a text, one way or the other.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
}

/// The job that the caller works for.
#[expect(clippy::exhaustive_enums, reason = "the macros match on all of it")]
pub enum Current {
    /// This one.
    Job(Job),
    /// Outside of any job.
    None,
}

/// Finds the current job. Where there is none although a publisher is installed, that is said once; a
/// log that itself publishes does not wait for us to have said it.
pub fn current() -> Current {
    static SAID: AtomicBool = AtomicBool::new(false);
    if let Some(job) = job::current() {
        return Current::Job(job);
    }
    if current_publisher().is_some() && !SAID.swap(true, Relaxed) {
        tracing::warn!(
            target: "stream_events",
            "publish! outside of a job has no effect: call it in a function with #[job_events], \
             or in `Job::scope`"
        );
    }
    Current::None
}
