//! Where a job stands: what its events have come to.

mod bounds;
mod fold;
mod phase;
mod status;
#[cfg(test)]
mod tests;
mod written;

use std::time::{Duration, SystemTime};

pub use phase::Phase;
pub use status::Status;

use crate::{EventId, Item, Json, Missing, Number};

/// A job, folded from its events: how it stands, which run it is in, what it said last, how it ended.
///
/// What no event says is none; so is, of a stream whose start is trimmed, what stood there. A job has
/// several runs where it is tried again: the state is that of the run that began last, until an earlier one
/// ends the job after all. Events that belong to no run, such as those of the Python publisher, are the
/// job's. Texts are cut at 16 KiB and names at [`MAX_NAME`](crate::MAX_NAME) bytes, so a state takes little
/// memory, whoever wrote the stream.
///
/// As JSON it is an object with a member for each of these fields, `null` for none; times are RFC 3339 with
/// microseconds, and of durations the names end in `_ms`, in whole milliseconds.
///
/// ```
/// use stream_events::{Publisher, Status};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), stream_events::Error> {
/// let publisher = Publisher::connect("memory:")?;
/// publisher.job("job_001", "outline_generation")?.completed(&["introduction"]);
/// publisher.flush(std::time::Duration::from_secs(5)).await;
/// let state = publisher.reader().state("job_001").await?.expect("it has a stream");
/// assert_eq!(state.status, Status::Completed);
/// assert_eq!(state.result.expect("it has one").read::<Vec<String>>()?, ["introduction"]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct JobState {
    /// The job.
    pub job_id: String,
    /// How it stands.
    pub status: Status,
    /// The kind of work.
    pub task_type: Option<String>,
    /// The run that this is the state of; none for a foreign writer's.
    pub run: Option<String>,
    /// Which try it is, from 1.
    pub attempt: Option<u64>,
    /// Of how many.
    pub max_attempts: Option<u64>,
    /// How many runs were seen.
    pub runs: u64,
    /// The job whose work this one is part of.
    pub parent_job_id: Option<String>,
    /// Where it runs, if a writer says so.
    pub worker: Option<String>,
    /// What it said last, for people.
    pub message: Option<String>,
    /// The step that it is in.
    pub step: Option<String>,
    /// How many of [`total`](Self::total) are done: of the job's own progress, or of its outermost phases
    /// where it has none. What is said in another step begins anew.
    pub current: Option<Number>,
    /// How many there are.
    pub total: Option<Number>,
    /// How much is done, from 0 to 100: as it was said, or by these numbers.
    pub percent: Option<f64>,
    /// How many are done in a second.
    pub rate: Option<f64>,
    /// About how long the rest takes, when it was said.
    pub eta: Option<Duration>,
    /// The run's phases in the order in which they began; of more than 64, the newest.
    pub phases: Vec<Phase>,
    /// When the run began.
    pub started: Option<SystemTime>,
    /// When the newest event happened, by its writer's clock.
    pub updated: Option<SystemTime>,
    /// When the run ended.
    pub ended: Option<SystemTime>,
    /// How long it took: as it was said, or by those times.
    pub duration: Option<Duration>,
    /// What it came to; none where that is `null`, or has more than [`MAX_PAYLOAD`](crate::MAX_PAYLOAD) bytes.
    pub result: Option<Json>,
    /// Why the run failed.
    pub error: Option<String>,
    /// `error`, `panic`, `cancelled`, `timeout` or `lost`, or what a foreign writer says.
    pub error_kind: Option<String>,
    /// Whether another run follows one that failed.
    pub will_retry: bool,
    /// Jobs that are part of its work, as [`Reader::state`](crate::Reader::state) and
    /// [`jobs`](crate::Reader::jobs) find them; events do not say.
    pub children: Vec<String>,
    /// How many events this was folded from.
    pub events: u64,
    /// How many are known to be missing.
    pub missing: u64,
    /// The newest of them: where to go on.
    pub last_id: EventId,
    /// Whether the run itself has said numbers, which those of its phases do not replace.
    has_own_numbers: bool,
    /// Runs before this one.
    earlier: Vec<String>,
    /// Whether the next event is of another stream, with ids of its own.
    begins_anew: bool,
}

impl JobState {
    /// Of a job of which nothing is known yet.
    #[must_use]
    pub fn new(job_id: impl Into<String>) -> Self {
        Self {
            job_id: job_id.into(),
            status: Status::Unknown,
            task_type: None,
            run: None,
            attempt: None,
            max_attempts: None,
            runs: 0,
            parent_job_id: None,
            worker: None,
            message: None,
            step: None,
            current: None,
            total: None,
            percent: None,
            rate: None,
            eta: None,
            phases: Vec::new(),
            started: None,
            updated: None,
            ended: None,
            duration: None,
            result: None,
            error: None,
            error_kind: None,
            will_retry: false,
            children: Vec::new(),
            events: 0,
            missing: 0,
            last_id: EventId::ZERO,
            has_own_numbers: false,
            earlier: Vec::new(),
            begins_anew: false,
        }
    }

    /// Takes in what a watch yields next. An event that is not behind the newest one that was taken in
    /// changes nothing, so what comes twice counts once; behind a gap that is
    /// [`Expired`](crate::Missing::Expired), the next event is one of another stream.
    pub fn apply(&mut self, item: &Item) {
        match item {
            Item::Event(event) => self.take(event),
            Item::Gap(gap) => {
                self.missing = self.missing.saturating_add(gap.count);
                self.begins_anew |= gap.why == Missing::Expired;
            }
        }
    }
}
