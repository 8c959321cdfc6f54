//! What a span of others, or an event in it, says of its job.

use super::job_spans::{JobSpans, TaskType};
use crate::fields::safe;
use crate::values::{Each, Value};

/// The fields that were asked for, as texts.
#[derive(Debug, Default, Clone)]
pub(crate) struct Named(Vec<(String, String)>);

impl Named {
    /// Takes in those of these fields that are recorded with it.
    pub(crate) fn reading<'a>(
        &'a mut self,
        fields: &'a [&str],
    ) -> Each<impl FnMut(&'static str, Value<'_>)> {
        Each(|name, value: Value<'_>| {
            if fields.contains(&name) {
                self.0.push((name.to_owned(), safe(&value)));
            }
        })
    }

    pub(crate) fn get(&self, field: &str) -> Option<&str> {
        let named = self.0.iter().find(|(name, _)| name == field);
        named.map(|(_, text)| text.as_str())
    }

    pub(crate) fn number(&self, field: &str) -> Option<u64> {
        self.get(field)?.parse().ok()
    }

    /// Takes in what was said later.
    pub(crate) fn and(&mut self, later: Self) {
        self.0.splice(0..0, later.0);
    }

    /// The job's id, once all of it is known.
    pub(crate) fn job_id(&self, spans: &JobSpans) -> Option<String> {
        let parts: Option<Vec<_>> = spans.job_id.iter().map(|field| self.get(field)).collect();
        parts.map(|parts| parts.join("/"))
    }

    /// The kind of work, once it is known.
    pub(crate) fn task_type<'a>(&'a self, spans: &'a JobSpans) -> Option<&'a str> {
        match &spans.task_type {
            TaskType::Text(text) => Some(text),
            TaskType::Field(field, always) => {
                let text = self.get(field)?;
                Some(text.strip_prefix(always).unwrap_or(text))
            }
        }
    }
}
