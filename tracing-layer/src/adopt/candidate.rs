//! A span that is a framework's job, from when it is made until its run is over.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stream_events::__private::{Adopted, Ending, Owner, Whose, adopt, publisher};
use stream_events::{Error, JobBuilder, JobId, Progress, Publisher};
use tracing::Metadata;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::job_spans::JobSpans;
use super::kept::Kept;
use super::late::Late;
use super::named::Named;
use super::signs::Unsaid;
use crate::context::Tree;

/// One span, and its run.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) kind: Arc<JobSpans>,
    pub(crate) place: Place,
    state: Mutex<State>,
    has_panicked: AtomicBool,
}

#[derive(Debug)]
enum State {
    /// For its first poll, for what names it, or for a publisher.
    Waiting(Named),
    /// And what was said of its end by another thread meanwhile. It is not closed: who begins it is in it.
    Beginning(Option<End>),
    AtWork(AtWork),
    /// Or it has never been one that could begin.
    Over,
}

/// A run that is at work.
#[derive(Debug)]
pub(crate) struct AtWork {
    run: Adopted,
    stage: Option<Stage>,
}

/// The how many-th of how many spans of one job this is.
#[derive(Debug, Clone, Copy)]
struct Stage {
    number: u64,
    of: u64,
}

/// Where in the code a span or an event is written.
#[derive(Debug, PartialEq)]
pub(crate) struct Place(Option<&'static str>, Option<u32>);

impl Place {
    pub(crate) fn of(metadata: &Metadata<'static>) -> Self {
        Self(metadata.file(), metadata.line())
    }
}

/// How the framework says that a job ended.
#[derive(Debug)]
pub(crate) enum End {
    Completed,
    /// With the text of the error.
    Failed(String),
    GivenUp,
}

impl Candidate {
    pub(crate) fn new(kind: &Arc<JobSpans>, metadata: &Metadata<'static>, named: Named) -> Self {
        Self {
            kind: Arc::clone(kind),
            place: Place::of(metadata),
            state: Mutex::new(State::Waiting(named)),
            has_panicked: AtomicBool::new(false),
        }
    }

    pub(crate) fn is_waiting(&self) -> bool {
        matches!(*self.state(), State::Waiting(_))
    }

    pub(crate) fn learn(&self, later: Named) {
        if let State::Waiting(named) = &mut *self.state() {
            named.and(later);
        }
    }

    pub(crate) fn panicked(&self) {
        self.has_panicked.store(true, Relaxed);
    }

    /// Begins the run, or goes on with the job's, once all is known that it needs. Until there is a
    /// publisher it waits.
    pub(crate) fn begin<'a, R: LookupSpan<'a>>(
        &self,
        span: &SpanRef<'a, R>,
        kept: &Kept,
        tree: &Tree,
    ) -> Result<(), Error> {
        let Some(publisher) = publisher() else {
            return Ok(());
        };
        let Some(named) = self.take_named() else {
            return Ok(());
        };
        let stage = self.stage(&named);
        let run = self.run(&publisher, &named, stage, span, kept, tree);
        let owner = |run: &Adopted| Owner::of(run.job());
        let owner = run.as_ref().map_or(Owner::Nobody, owner);
        // Before all that asks scrub hooks: other threads may be in the span by now.
        tree.store().set(span, |mark| {
            let _ = mark.owner.set(owner);
        });
        match run {
            Ok(run) => self.began(AtWork::at(run, stage)),
            Err(error) => {
                *self.state() = State::Over;
                return Err(error);
            }
        }
        Ok(())
    }

    fn began(&self, at_work: AtWork) {
        let beginning = std::mem::replace(&mut *self.state(), State::AtWork(at_work));
        if let State::Beginning(Some(end)) = beginning {
            self.end(end);
        }
    }

    /// What names it, once that is enough.
    fn take_named(&self) -> Option<Named> {
        let mut state = self.state();
        let State::Waiting(named) = &mut *state else {
            return None;
        };
        named.job_id(&self.kind)?;
        named.task_type(&self.kind)?;
        let named = std::mem::take(named);
        *state = State::Beginning(None);
        Some(named)
    }

    fn stage(&self, named: &Named) -> Option<Stage> {
        let (number, of) = self.kind.stage.as_ref()?;
        let (number, of) = named.number(number).zip(named.number(of))?;
        Some(Stage { number, of })
    }

    /// The run of the job whose stages came before this one, or else a new one.
    fn run<'a, R: LookupSpan<'a>>(
        &self,
        publisher: &Publisher,
        named: &Named,
        stage: Option<Stage>,
        span: &SpanRef<'a, R>,
        kept: &Kept,
        tree: &Tree,
    ) -> Result<Adopted, Error> {
        let job = JobId::try_from(named.job_id(&self.kind).unwrap_or_default())?;
        if let Some(run) = stage.and_then(|_| kept.take(&job)) {
            return Ok(run);
        }
        let mut builder = self.builder(publisher, job, named)?;
        if let Whose::Job(parent) = tree.whose_span(span) {
            builder = builder.parent(parent.id());
        }
        adopt(builder, tree.trace(&span.id()))
    }

    fn builder(
        &self,
        publisher: &Publisher,
        job: JobId,
        named: &Named,
    ) -> Result<JobBuilder, Error> {
        let kind = &*self.kind;
        let task_type = named.task_type(kind).unwrap_or_default();
        let mut builder = publisher.job_builder(job, task_type)?;
        let attempt = kind.attempt.as_ref();
        if let Some(attempt) = attempt.and_then(|field| named.number(field)) {
            builder = builder.attempt(attempt);
        }
        if let Some(most) = kind.max_attempts {
            builder = builder.max_attempts(most);
        }
        Ok(builder)
    }

    /// The framework has said so. A span that waits still is no run whose end it would be.
    pub(crate) fn end(&self, end: End) {
        if let State::Beginning(said) = &mut *self.state() {
            *said = Some(end);
            return;
        }
        let Some(AtWork { run, stage }) = self.take() else {
            return;
        };
        match end {
            End::Failed(error) => run.end(Ending::Failed(&error)),
            End::GivenUp => run.end(Ending::Cancelled("the worker was told to end")),
            End::Completed if stage.is_none_or(Stage::is_last) => run.end(Ending::Completed),
            // How the whole ends is not said yet.
            End::Completed => *self.state() = State::AtWork(AtWork { run, stage }),
        }
    }

    /// The span is closed. Where nothing has been said until now, nothing will be.
    pub(crate) fn close(&self, kept: &Kept, late: &Arc<Late>) {
        let Some(AtWork { run, stage }) = self.take() else {
            return;
        };
        let has_panicked = self.has_panicked.load(Relaxed);
        if !has_panicked && stage.is_some_and(|stage| !stage.is_last()) {
            return kept.keep(run);
        }
        let ending = match self.kind.unsaid {
            _ if has_panicked => Ending::Panicked,
            Unsaid::Unknown => Ending::Unknown,
            Unsaid::Failed(error) => Ending::Failed(error),
            Unsaid::Cancelled(why) => Ending::Cancelled(why),
        };
        match self.kind.afterwards {
            Some(_) => late.wait(run, ending),
            None => run.end(ending),
        }
    }

    fn take(&self) -> Option<AtWork> {
        let mut state = self.state();
        if let State::Waiting(_) = *state {
            return None;
        }
        match std::mem::replace(&mut *state, State::Over) {
            State::AtWork(at_work) => Some(at_work),
            _ => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AtWork {
    /// A run at this stage, which it says.
    fn at(run: Adopted, stage: Option<Stage>) -> Self {
        if let Some(Stage { number, of }) = stage {
            let progress = Progress::new(format!("step {number} of {of}"));
            let done = number.saturating_sub(1);
            run.job().progress(progress.current(done).total(of));
        }
        Self { run, stage }
    }
}

impl Stage {
    fn is_last(self) -> bool {
        self.number >= self.of
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::subscriber::with_default;

    #[test]
    fn an_end_that_is_said_while_a_run_begins_ends_it() {
        let publisher = Publisher::connect("memory:candidate").unwrap();
        let job = JobId::try_from("job_001").unwrap();
        let kind = Arc::new(JobSpans::named("deliver").job_id(Vec::<String>::new()));
        let span = with_default(tracing_subscriber::registry(), || {
            tracing::info_span!("deliver")
        });
        let candidate = Candidate::new(&kind, span.metadata().unwrap(), Named::default());
        assert!(candidate.take_named().is_some());
        candidate.end(End::Completed);
        let run = adopt(publisher.job_builder(job, "t").unwrap(), None).unwrap();
        let handle = run.job().clone();
        candidate.began(AtWork { run, stage: None });
        assert!(matches!(*candidate.state(), State::Over));
        drop(handle);
        assert_eq!(publisher.stats().emitted, 2);
    }
}
