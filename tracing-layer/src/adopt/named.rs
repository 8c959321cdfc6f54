//! What a span of others, or an event in it, says of its job.

use std::fmt;

use tracing::field::{Field, Visit};

use super::job_spans::{JobSpans, TaskType};
use crate::fields::safe;

/// The fields that were asked for, as texts.
#[derive(Debug, Default, Clone)]
pub(crate) struct Named(Vec<(String, String)>);

impl Named {
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

/// Reads those fields that have one of these names.
pub(crate) struct Reading<'a> {
    pub(crate) fields: &'a [&'a str],
    pub(crate) named: Named,
}

impl<'a> Reading<'a> {
    pub(crate) fn of(fields: &'a [&'a str]) -> Self {
        Self {
            fields,
            named: Named::default(),
        }
    }

    fn text(&mut self, field: &Field, text: impl fmt::Display) {
        if self.fields.contains(&field.name()) {
            self.named.0.push((field.name().to_owned(), safe(&text)));
        }
    }
}

impl Visit for Reading<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.text(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, format_args!("{value:?}"));
    }
}
