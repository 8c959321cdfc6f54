//! What a span is opened in.

use std::sync::Arc;

use stream_events::__private::WeakJob;
use stream_events::Job;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::marks::Store;
use crate::phase::Phase;
use crate::steps::Step;

/// The phase or step around, of the same run.
#[derive(Debug, Clone)]
pub(crate) enum Around {
    Phase(Arc<Phase>),
    Step(Arc<Step>),
}

impl Around {
    /// Around this span of this job.
    pub(crate) fn of<'a, R: LookupSpan<'a>>(
        span: &SpanRef<'a, R>,
        store: Store,
        job: &Job,
    ) -> Option<Self> {
        let mut around = span.scope().skip(1);
        let nearest = around.find_map(|span| store.mark(&span)?.shown.get().cloned());
        nearest.filter(|around| around.job().is_of(job))
    }

    fn job(&self) -> &WeakJob {
        match self {
            Self::Phase(phase) => &phase.job,
            Self::Step(step) => &step.job,
        }
    }

    pub(crate) fn number(&self) -> u64 {
        match self {
            Self::Phase(phase) => phase.number,
            Self::Step(step) => step.number,
        }
    }

    /// Which of a job's steps it belongs to, scrubbed.
    pub(crate) fn step(&self) -> Option<String> {
        match self {
            Self::Phase(phase) => phase.step(),
            Self::Step(step) => Some(step.name.clone().into_owned()),
        }
    }

    /// It has begun, which is to be known before anything in it is.
    pub(crate) fn say(&self) {
        if let Self::Step(step) = self {
            step.say();
        }
    }
}
