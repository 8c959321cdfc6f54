//! A job's events written again, as those of another job.

use super::Replay;
use crate::error::Repr;
use crate::event::{REPLAY_OF, members};
use crate::job::{FailureKind, Job, JobId, Plan, Run};
use crate::{Error, Event, EventType, Fields, Item, Publisher, RESERVED_KEYS};

/// What [`Replay::to`] has written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Copied {
    /// Events of the job that stand on the other job's stream now, too.
    pub events: u64,
    /// Events of which it is known that the job's stream does not have them any more, or never had.
    pub missing: u64,
}

/// What each event of a run has of the run that writes it.
const OF_RUN: [&str; 11] = [
    "event_type",
    "timestamp",
    "job_id",
    "task_type",
    "run",
    "seq",
    "attempt",
    "max_attempts",
    "parent_job_id",
    "trace_id",
    "span_id",
];
/// Runs that are at work at a time. Of a stream with more, which no job writes, the oldest are cancelled.
const MOST_RUNS: usize = 64;
const NOT_ENDED: &str = "the run had not ended in the job that this is a replay of";

pub(super) async fn all(mut replay: Replay, to: &Publisher, job: JobId) -> Result<Copied, Error> {
    let core = &to.core;
    let from = replay.reader.key(&replay.job)?;
    if from == job.key(&core.settings.prefix) && is_one_stream(&replay, to, &job).await {
        let why = "is that of the job that is replayed".to_owned();
        let shown = crate::error::shown(job.as_str());
        return Err(Repr::JobId { shown, why }.into());
    }
    let mut copy = Copy {
        of: replay.job.clone(),
        to,
        job,
        runs: Vec::new(),
    };
    let mut copied = Copied {
        events: 0,
        missing: 0,
    };
    while let Some(item) = replay.next().await {
        match item? {
            Item::Event(event) => {
                copy.write(&event).await?;
                copied.events += 1;
            }
            Item::Gap(gap) => copied.missing = copied.missing.saturating_add(gap.count),
        }
    }
    for (_, run) in std::mem::take(&mut copy.runs) {
        copy.cancel(&run).await?;
    }
    Ok(copied)
}

/// Whether what is under one key here and there is the same. A store may be reached by several URLs: what its stream is
/// here is then what it is there.
async fn is_one_stream(replay: &Replay, to: &Publisher, job: &JobId) -> bool {
    if replay.reader.place() == to.core.store.place() {
        return true;
    }
    let here = replay.reader.stream_info(replay.job.clone()).await;
    let there = to.stream_info(job.clone()).await;
    matches!((here, there), (Ok(Some(here)), Ok(Some(there))) if here == there)
}

struct Copy<'p> {
    of: JobId,
    to: &'p Publisher,
    job: JobId,
    /// Those at work, by the ids of the runs that they are copies of.
    runs: Vec<(Option<String>, Job)>,
}

impl Copy<'_> {
    async fn write(&mut self, event: &Event) -> Result<(), Error> {
        let (of, is_start) = (
            event.own_run(),
            *event.event_type() == EventType::TaskStarted,
        );
        let known = self.runs.iter().position(|(run, _)| run.as_deref() == of);
        if known.is_none() && of.is_none() && !event.says_how_the_job_stands() {
            return self.say_alone(event).await;
        }
        let known = known.map(|at| self.runs.remove(at).1);
        let run = match known {
            Some(run) if !is_start => run,
            before => {
                if let Some(before) = before {
                    self.cancel(&before).await?;
                }
                self.begin(event, is_start)?
            }
        };
        if !is_start {
            self.say(&run, event).await?;
        }
        if !event.ends_run() {
            if self.runs.len() >= MOST_RUNS {
                self.cancel(&self.runs[0].1).await?;
                drop(self.runs.remove(0));
            }
            self.runs.push((of.map(str::to_owned), run));
        }
        Ok(())
    }

    /// What belongs to no run, as it does not in the job that this is a replay of.
    async fn say_alone(&self, event: &Event) -> Result<(), Error> {
        let (event_type, fields) = (event.event_type(), fields(event));
        let run = Run::begun_elsewhere(&self.to.core, self.job.clone(), None);
        let emit = |waiter| run.emit(event_type.clone(), fields, waiter);
        let said = self.to.acknowledged(event_type, &self.job, emit);
        said.await.map(drop)
    }

    /// What the event says, in this run.
    async fn say(&self, job: &Job, event: &Event) -> Result<(), Error> {
        let (event_type, fields, run) = (event.event_type(), fields(event), job.run());
        let emit = |waiter| match event.ends_run() {
            true => run.end_as(event_type.clone(), fields, waiter),
            false => run.emit(event_type.clone(), fields, waiter),
        };
        let said = self.to.acknowledged(event_type, &self.job, emit);
        said.await.map(drop)
    }

    async fn cancel(&self, job: &Job) -> Result<(), Error> {
        let fail = |waiter| {
            let kind = FailureKind::Cancelled;
            job.run().fail(kind, NOT_ENDED, &Fields::new(), waiter)
        };
        let cancelled = self
            .to
            .acknowledged(&EventType::TaskFailed, &self.job, fail);
        cancelled.await.map(drop)
    }

    /// Begins a copy of the event's run.
    fn begin(&self, event: &Event, is_start: bool) -> Result<Job, Error> {
        let text = |key: &str| event.field::<String>(key).ok().flatten();
        let count = |key: &str| event.field::<u64>(key).ok().flatten();
        let task_type = text("task_type").unwrap_or_else(|| "unknown".to_owned());
        let mut plan = Plan::new(self.job.clone(), task_type);
        plan.fields = Fields::new().field(REPLAY_OF, self.of.as_str());
        if is_start {
            plan.fields = plan.fields.and(&fields(event));
        }
        plan.origin.attempt = count("attempt");
        plan.origin.max_attempts = count("max_attempts");
        plan.stands_alone = true;
        Job::start(&self.to.core, plan, None)
    }
}

/// What the event says by itself.
fn fields(event: &Event) -> Fields {
    let data = event.data();
    let members = members(&data);
    if members.is_empty() && data.trim() != "{}" {
        return Fields::new().display("data", &data);
    }
    let own = members
        .iter()
        .filter(|(key, _)| !OF_RUN.contains(&key.as_str()) && key != REPLAY_OF);
    own.fold(Fields::new(), |fields, (key, value)| {
        match RESERVED_KEYS.iter().find(|reserved| *reserved == key) {
            Some(reserved) => fields.own(reserved, value),
            None => fields.field(key, value),
        }
    })
}
