//! From the fields of a tracing event to progress.

use std::borrow::Cow;
use std::fmt;
use std::mem::take;

use stream_events::__private::{
    NO_TEXT, add_fields, display, nothing_yet, said, say, say_numbers, say_step, scrub,
    scrub_fields,
};
use stream_events::{Fields, Job, Progress};
use tracing::Event;

use crate::values::{Each, Value};

/// What an update of a span says.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) message: Option<String>,
    pub(crate) step: Option<String>,
    pub(crate) current: Option<u64>,
    pub(crate) total: Option<u64>,
    pub(crate) percent: Option<f64>,
    /// Fields of the job's own.
    pub(crate) more: Fields,
    /// Their names.
    pub(crate) names: Vec<&'static str>,
    /// Whether any of them is no number.
    pub(crate) has_text: bool,
}

impl Said {
    pub(crate) fn into_progress(self) -> Progress {
        let mut progress = Progress::new(self.message.unwrap_or_default());
        if let Some(step) = self.step {
            progress = progress.step(step);
        }
        say_numbers(&mut progress, self.current, self.total, self.percent);
        progress.fields(&self.more)
    }

    /// Without what the job's publisher takes out of texts.
    pub(crate) fn scrubbed(mut self, job: &Job) -> Self {
        let scrub = |text: String| match scrub(job, &text) {
            Cow::Owned(scrubbed) => scrubbed,
            Cow::Borrowed(_) => text,
        };
        self.message = self.message.map(scrub);
        self.step = self.step.map(scrub);
        self.more = scrub_fields(job, self.more);
        self
    }

    /// Takes in what is recorded with it.
    pub(crate) fn reading(&mut self) -> Each<impl FnMut(&'static str, Value<'_>)> {
        Each(|name, value: Value<'_>| self.take(name, &value))
    }

    /// What does not fit its key, such as a negative total, is kept as a field beside it.
    fn take(&mut self, name: &'static str, value: &Value<'_>) {
        let is_kept = match name {
            "message" => keep(&mut self.message, Some(safe(value))),
            "step" => keep(&mut self.step, Some(safe(value))),
            "current" => keep(&mut self.current, value.whole()),
            "total" => keep(&mut self.total, value.whole()),
            "percent" => keep(&mut self.percent, value.real()),
            _ => false,
        };
        if !is_kept {
            self.more = value.add_to(take(&mut self.more), name);
            self.names.push(name);
            self.has_text |= !value.is_number();
        }
    }
}

/// Hands what an event says over, as the job's progress: written at once, with no copy of its own.
pub(crate) fn hand_over(event: &Event<'_>, job: &Job) {
    let mut progress = nothing_yet();
    let (mut current, mut total, mut percent) = (None, None, None);
    let read = |name, value: Value<'_>| {
        let is_kept = match name {
            "message" => return say(&mut progress, &value),
            "step" => return say_step(&mut progress, &value),
            "current" => keep(&mut current, value.whole()),
            "total" => keep(&mut total, value.whole()),
            "percent" => keep(&mut percent, value.real()),
            _ => false,
        };
        if !is_kept {
            add_fields(&mut progress, |more| value.add_to(more, name));
        }
    };
    event.record(&mut Each(read));
    say_numbers(&mut progress, current, total, percent);
    said(job, &mut progress);
}

/// Whether the number is one.
fn keep<T>(kept: &mut Option<T>, number: Option<T>) -> bool {
    let is_one = number.is_some();
    if is_one {
        *kept = number;
    }
    is_one
}

/// A text by code that may panic.
pub(crate) fn safe(text: &impl fmt::Display) -> String {
    display(text).unwrap_or_else(|| NO_TEXT.to_owned())
}
