//! The job that the code on this thread works for, just now.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tracing::Span;

use super::{Job, spans};

thread_local! {
    // Not one of tokio's task-locals, which panic where a thread ends and has lost them.
    static CURRENT: RefCell<Whose> = const { RefCell::new(Whose::Outside) };
}

/// Whose what is done here is.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_enums, reason = "the Layer matches on all of it")]
pub enum Whose {
    /// This job's.
    Job(Job),
    /// That of a run which could not begin, as was said where it was to: the jobs around it are not
    /// meant.
    Nobody,
    /// Outside of any job, or of one that is over.
    Outside,
}

/// Whom an annotated function works for.
pub(crate) enum Worker {
    Run(Job),
    /// Nobody, since its run could not begin. The span is where the way to the jobs around it ends.
    Nobody(Box<Span>),
}

impl Worker {
    pub(crate) fn nobody(task_type: &str) -> Self {
        Self::Nobody(Box::new(spans::nobody(task_type)))
    }

    pub(crate) fn run(&self) -> Option<&Job> {
        match self {
            Self::Run(job) => Some(job),
            Self::Nobody(_) => None,
        }
    }

    /// Runs this, which does not wait, as its work.
    pub(crate) fn enter<R>(&self, run: impl FnOnce() -> R) -> R {
        match self {
            Self::Run(job) => enter(job, run),
            Self::Nobody(span) => enter_as(Whose::Nobody, span, run),
        }
    }
}

pin_project! {
    /// A future that is part of a job wherever it is polled, and where it is dropped.
    struct Scope<F> {
        job: Job,
        // None once it is done.
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for Scope<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            enter(this.job, || this.future.set(None));
        }
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        enter(this.job, || {
            let future = this.future.as_mut().as_pin_mut();
            let polled = future
                .expect("a future is not polled after it is done")
                .poll(context);
            if polled.is_ready() {
                this.future.set(None);
            }
            polled
        })
    }
}

/// Polls `future` as part of `job`, and drops it as part of it too.
pub(crate) fn scope<F: Future>(job: Job, future: F) -> impl Future<Output = F::Output> + use<F> {
    let future = Some(future);
    Scope { job, future }
}

/// Runs this, which does not wait, as part of `job`.
pub(crate) fn enter<R>(job: &Job, run: impl FnOnce() -> R) -> R {
    enter_as(Whose::Job(job.clone()), &job.0.span, run)
}

fn enter_as<R>(scope: Whose, span: &Span, run: impl FnOnce() -> R) -> R {
    let mut returned = None;
    let mut run = Some(run);
    enter_dyn(scope, span, &mut || returned = run.take().map(|run| run()));
    returned.expect("what is entered runs, or panics")
}

/// Compiled once, and not for each annotated function: that is most of what one adds to a build.
fn enter_dyn(scope: Whose, span: &Span, run: &mut dyn FnMut()) {
    match Entered::new(scope) {
        Some(_entered) => span.in_scope(run),
        // A thread that ends drops its futures when it has no scopes any more.
        None => run(),
    }
}

/// Until this is dropped, the thread is in another scope than it was.
struct Entered(Whose);

impl Entered {
    fn new(scope: Whose) -> Option<Self> {
        let before = CURRENT.try_with(|current| current.replace(scope));
        before.ok().map(Self)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let before = std::mem::replace(&mut self.0, Whose::Outside);
        // What it was ends outside of the closure: it may be the last handle of a job.
        drop(CURRENT.try_with(|current| current.replace(before)));
    }
}

/// Whose scope this is called in.
pub fn scope_here() -> Whose {
    let current = CURRENT.try_with(|current| current.borrow().clone());
    current.unwrap_or(Whose::Outside)
}

/// The same, or else whose the current span is: a hundred times as far to look.
pub(crate) fn whose() -> Whose {
    match scope_here() {
        Whose::Outside => spans::whose(),
        known => known,
    }
}

/// The job that the caller works for.
pub(crate) fn current() -> Option<Job> {
    whose().job()
}

impl Whose {
    /// The job.
    #[must_use]
    pub fn job(self) -> Option<Job> {
        match self {
            Self::Job(job) => Some(job),
            Self::Nobody | Self::Outside => None,
        }
    }
}
