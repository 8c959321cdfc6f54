//! A job as a query looks at it.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use super::known::Known;
use super::matching::Subject;
use super::number::Number;
use super::path::Path;
use crate::{JobState, Status};

pub(super) struct OfJob<'j>(pub(super) &'j JobState);

impl Subject for OfJob<'_> {
    fn any_text(&self, is_so: &dyn Fn(&str) -> bool) -> bool {
        let Self(job) = self;
        let texts = [&job.task_type, &job.message, &job.error];
        texts.into_iter().flatten().any(|text| is_so(text))
    }

    fn text(&self, key: Known) -> Option<Cow<'_, str>> {
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
    fn any_field(&self, path: &Path, is_so: &mut dyn FnMut(&str) -> bool) -> bool {
        let result = self.0.result.as_ref().filter(|_| path.first() == "result");
        result.is_some_and(|result| path.any(result.as_str(), is_so))
    }
}

/// With what is below them, as events have it.
fn millis(time: Duration) -> String {
    format!(
        "{}.{:06}",
        time.as_millis(),
        time.subsec_nanos() % 1_000_000
    )
}
