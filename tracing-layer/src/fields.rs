//! From the fields of a tracing event to progress.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::mem::take;

use serde::Serialize;
use stream_events::__private::display;
use stream_events::{Fields, Job, Progress};
use tracing::field::{Field, Visit};

/// What an event, or an update of a span, says.
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
        if let Some(current) = self.current {
            progress = progress.current(current);
        }
        if let Some(total) = self.total {
            progress = progress.total(total);
        }
        if let Some(percent) = self.percent {
            progress = progress.percent(percent);
        }
        progress.fields(&self.more)
    }

    /// Without what the job's publisher takes out of texts.
    pub(crate) fn scrubbed(mut self, job: &Job) -> Self {
        let scrub = |text: String| match job.scrub(&text) {
            Cow::Owned(scrubbed) => scrubbed,
            Cow::Borrowed(_) => text,
        };
        self.message = self.message.map(scrub);
        self.step = self.step.map(scrub);
        self.more = job.scrub_fields(self.more);
        self
    }

    /// A text, of a `Display` that may panic: the message, the step, or a field of the job's own.
    fn text(&mut self, field: &Field, text: impl fmt::Display) {
        match field.name() {
            "message" => self.message = Some(safe(&text)),
            "step" => self.step = Some(safe(&text)),
            name => {
                self.more = take(&mut self.more).display(name, &text);
                self.names.push(name);
                self.has_text = true;
            }
        }
    }

    /// A number that does not fit its key, such as a negative total, is kept as a field beside it.
    fn number<T: Serialize + fmt::Display>(
        &mut self,
        field: &Field,
        whole: Option<u64>,
        real: f64,
        value: T,
    ) {
        match (field.name(), whole) {
            ("current", Some(whole)) => self.current = Some(whole),
            ("total", Some(whole)) => self.total = Some(whole),
            ("percent", _) if real.is_finite() => self.percent = Some(real),
            ("message" | "step", _) => self.text(field, value),
            (name, _) => self.own(name, &value),
        }
    }

    fn own<T: Serialize>(&mut self, name: &'static str, value: &T) {
        self.more = take(&mut self.more).field(name, value);
        self.names.push(name);
    }
}

pub(crate) fn safe(text: &impl fmt::Display) -> String {
    display(text).unwrap_or_else(|| "a text that does not display".to_owned())
}

impl Visit for Said {
    fn record_f64(&mut self, field: &Field, value: f64) {
        let whole =
            (value >= 0.0 && value.fract() == 0.0 && value < 2f64.powi(53)).then_some(value as u64);
        self.number(field, whole, value, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, u64::try_from(value).ok(), value as f64, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, Some(value), value as f64, value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.number(field, u64::try_from(value).ok(), value as f64, value);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.number(field, u64::try_from(value).ok(), value as f64, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.own(field.name(), &value);
        self.has_text = true;
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.text(field, String::from_utf8_lossy(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.text(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, format_args!("{value:?}"));
    }
}
