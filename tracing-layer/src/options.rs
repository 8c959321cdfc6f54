//! What was asked for, and which callsites that concerns.

use stream_events::__private::{JOB_TARGET, PROGRESS_TARGET};
use tracing::Metadata;
use tracing::level_filters::LevelFilter;

use crate::logs::is_log;

/// What the layer does beside `progress!`.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Log lines up to this level.
    pub(crate) logs: LevelFilter,
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
        }
    }
}

impl Options {
    /// Of what the layer is for, and of what was asked for.
    pub(crate) fn wanted(&self, metadata: &Metadata<'_>) -> Wanted {
        if is_own(metadata) {
            Wanted::All
        } else if is_log(metadata, self.logs) {
            Wanted::InAJob
        } else {
            Wanted::None
        }
    }

    /// The most verbose level of all that is wanted: what is beyond it is not even asked about.
    pub(crate) fn level(&self) -> LevelFilter {
        LevelFilter::INFO.max(self.logs)
    }
}

/// Whether it is of `progress!` and `progress_span!`, or the span of a run.
fn is_own(metadata: &Metadata<'_>) -> bool {
    [PROGRESS_TARGET, JOB_TARGET].contains(&metadata.target())
}
