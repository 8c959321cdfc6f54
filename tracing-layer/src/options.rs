//! What was asked for, and which callsites that concerns.

use std::time::Duration;

use stream_events::__private::{JOB_TARGET, PROGRESS_TARGET};
use tracing::Metadata;
use tracing::level_filters::LevelFilter;

use crate::adopt::JobSpans;
use crate::logs::is_log;
use crate::phase::DEFAULT_THROTTLE;
use crate::steps::is_step;

/// What the layer does beside `progress!`.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Log lines up to this level.
    pub(crate) logs: LevelFilter,
    /// Spans of others that are jobs.
    pub(crate) job_spans: Vec<JobSpans>,
    /// Beginnings of the targets of spans that are steps.
    pub(crate) steps: Vec<String>,
    /// Between two events of one span where only numbers change.
    pub(crate) throttle: Duration,
}

/// Which events and spans of a callsite the layer sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    All,
    InAJob,
    None,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            logs: LevelFilter::OFF,
            job_spans: Vec::new(),
            steps: Vec::new(),
            throttle: DEFAULT_THROTTLE,
        }
    }
}

impl Options {
    /// Of what the layer is for, and of what was asked for.
    pub(crate) fn wanted(&self, metadata: &Metadata<'_>) -> Wanted {
        let kinds = &self.job_spans;
        if is_own(metadata)
            || kinds.iter().any(|kind| kind.has_span(metadata))
            || kinds.iter().any(|kind| kind.may_be_told_late_by(metadata))
            || is_step(metadata, &self.steps)
        {
            Wanted::All
        } else if is_log(metadata, self.logs)
            || kinds.iter().any(|kind| kind.may_be_told_by(metadata))
        {
            Wanted::InAJob
        } else {
            Wanted::None
        }
    }

    /// The most verbose level of all that is wanted: what is beyond it is not even asked about.
    pub(crate) fn level(&self) -> LevelFilter {
        let levels = self.job_spans.iter().map(|kind| kind.level);
        levels.fold(LevelFilter::INFO.max(self.logs), LevelFilter::max)
    }
}

/// Whether it is of `progress!` and `progress_span!`, or the span of a run.
pub(crate) fn is_own(metadata: &Metadata<'_>) -> bool {
    [PROGRESS_TARGET, JOB_TARGET].contains(&metadata.target())
}
