//! A job as a query looks at it.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use super::known::Known;
use super::matching::Subject;
use super::number::Number;
use crate::{JobState, Json, Status};

pub(super) struct OfJob<'j>(pub(super) &'j JobState);

impl<'j> Subject<'j> for OfJob<'j> {
    const WORDS: &'static [Known] = &WORDS;

    fn whole(&self) -> Option<&'j str> {
        None
    }

    fn text(&self, key: Known) -> Option<Cow<'j, str>> {
        let Self(job) = self;
        let text = match key {
            Known::Job => return Some(Cow::Borrowed(&job.job_id)),
            Known::Task => &job.task_type,
            Known::Run => &job.run,
            Known::Parent => &job.parent_job_id,
            Known::Worker => &job.worker,
            Known::Step => &job.step,
            Known::Kind => &job.error_kind,
            Known::Error => &job.error,
            Known::Progress | Known::Message => &job.message,
            _ => return None,
        };
        text.as_deref().map(Cow::Borrowed)
    }

    fn number(&self, key: Known) -> Option<Number> {
        let Self(job) = self;
        let text = match key {
            Known::Attempt => job.attempt?.to_string(),
            Known::Percent => job.percent?.to_string(),
            Known::Current => job.current?.to_string(),
            Known::Total => job.total?.to_string(),
            Known::Rate => job.rate?.to_string(),
            Known::Duration => millis(job.duration?),
            Known::Eta => millis(job.eta?),
            _ => return None,
        };
        Number::of(&text)
    }

    fn time(&self, key: Known) -> Option<SystemTime> {
        let Self(job) = self;
        match key {
            Known::After | Known::Before => job.updated,
            Known::Started => job.started,
            Known::Ended => job.ended,
            _ => None,
        }
    }

    fn status(&self) -> Status {
        self.0.status
    }

    /// Of all that its events carried, a job has the result.
    fn member(&self, name: &str) -> Option<&'j str> {
        let result = self.0.result.as_ref().filter(|_| name == "result");
        result.map(Json::as_str)
    }
}

/// What words are looked for in.
pub(super) const WORDS: [Known; 3] = [Known::Task, Known::Message, Known::Error];

/// With what is below them, as events have it.
fn millis(time: Duration) -> String {
    format!(
        "{}.{:06}",
        time.as_millis(),
        time.subsec_nanos() % 1_000_000
    )
}
