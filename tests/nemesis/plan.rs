//! What one run of a producer's job is to do, drawn from the seed.

use std::time::Duration;

use stream_events::Fields;

use crate::checker::OCCUPIED;
use crate::evidence::TOKEN;
use crate::random::Random;

/// What one run does.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) job: String,
    pub(crate) token: String,
    pub(crate) way: Way,
    pub(crate) end: End,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Handle,
    Annotated,
    Awaiting,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Completes,
    Fails,
    Panics,
    IsDropped,
}

/// What is emitted, and how long the work takes after that.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) is_progress: bool,
    pub(crate) flushes: bool,
    pub(crate) works: Duration,
}

impl Plan {
    pub(crate) fn new(
        job: String,
        token: String,
        may_be_refused: bool,
        random: &mut Random,
    ) -> Self {
        let ways = [Way::Handle, Way::Handle, Way::Annotated, Way::Awaiting];
        // An annotated function runs on where its start is refused, and would emit nothing.
        let way = match random.pick(&ways) {
            Way::Annotated if may_be_refused => Way::Handle,
            // One whose start is refused stays open, and is cancelled by the next of its job.
            Way::Awaiting if job.starts_with(OCCUPIED) => Way::Handle,
            way => way,
        };
        let ends = [End::Completes, End::Completes, End::Fails, End::IsDropped];
        let end = match random.pick(&ends) {
            End::Fails if random.percent(30) => End::Panics,
            end => end,
        };
        // More at once than a batch has, now and then; awaiting, that would take too long.
        let (count, longest) = match random.within(0..100) {
            0..3 if way != Way::Awaiting => (random.within(300..700), 1),
            0..12 => (random.within(1..40), 1),
            _ => (random.within(1..40), 60),
        };
        let steps = (0..count).map(|_| Step {
            is_progress: random.percent(40),
            flushes: longest > 1 && random.percent(2),
            works: Duration::from_millis(random.within(0..longest)),
        });
        Self {
            job,
            token,
            way,
            end,
            steps: steps.collect(),
        }
    }

    /// A run that goes on for as long as its process.
    pub(crate) fn long(job: String, process: &str) -> Self {
        Self {
            job,
            token: format!("{TOKEN}{process}-long"),
            way: Way::Handle,
            end: End::Completes,
            steps: Vec::new(),
        }
    }

    /// Its end's place behind all steps.
    pub(crate) fn last(&self) -> u64 {
        self.steps.len() as u64 + 1
    }

    /// Whether an awaiting method begins and ends it.
    pub(crate) fn awaits(&self) -> bool {
        self.way == Way::Awaiting
    }

    pub(crate) fn fields(&self, index: u64) -> Fields {
        Fields::new()
            .field("label", &self.token)
            .field("index", &index)
    }
}
