//! Where a job stands.

use serde::Serialize;

use crate::Fields;

/// The keys of progress that readers know, beside the message.
pub(crate) const KEYS: [&str; 4] = ["step", "current", "total", "percent"];

/// One progress event's content: a message for people, and numbers for bars.
#[derive(Debug, Clone)]
#[must_use = "pass it to `Job::progress`"]
pub struct Progress {
    pub(super) own: Fields,
    pub(super) more: Fields,
}

impl Progress {
    /// Progress with a message, a sentence for people.
    pub fn new(message: impl AsRef<str>) -> Self {
        Self {
            own: Fields::new().own("progress", message.as_ref()),
            more: Fields::new(),
        }
    }

    /// The phase that the job is in.
    pub fn step(self, step: impl AsRef<str>) -> Self {
        self.with("step", step.as_ref())
    }

    /// How many of [`total`](Self::total) are done.
    pub fn current(self, current: u64) -> Self {
        self.with_number("current", current)
    }

    /// How many there are.
    pub fn total(self, total: u64) -> Self {
        self.with_number("total", total)
    }

    /// How much is done, from 0 to 100. What is no finite number is left out.
    pub fn percent(self, percent: f64) -> Self {
        if !percent.is_finite() {
            return self;
        }
        // Three decimals: a 33.3 that came as an `f32` would else be 33.29999923706055.
        let rounded = (percent * 1000.0).round() / 1000.0;
        if rounded.fract() == 0.0 && rounded.abs() < 1e15 {
            return self.with("percent", &(rounded as i64));
        }
        self.with("percent", &rounded)
    }

    /// About how long the rest takes, in milliseconds.
    pub fn eta_ms(self, eta: u64) -> Self {
        self.with_number("eta_ms", eta)
    }

    /// How many are done in a second. What is no finite number is left out.
    pub fn rate(self, rate: f64) -> Self {
        if rate.is_finite() {
            self.with("rate", &rate)
        } else {
            self
        }
    }

    /// How long it took, in milliseconds, where it is done.
    pub fn elapsed_ms(self, elapsed: u64) -> Self {
        self.with_number("elapsed_ms", elapsed)
    }

    /// Fields of the job's own.
    pub fn fields(mut self, fields: &Fields) -> Self {
        if !fields.is_empty() {
            self.more = self.more.and(fields);
        }
        self
    }

    pub(crate) fn into_fields(self) -> Fields {
        if self.more.is_empty() {
            return self.own;
        }
        let fields = self.own.and(&self.more);
        self.more.spare();
        fields
    }

    fn with_number(mut self, key: &'static str, number: u64) -> Self {
        self.own.add_own_number(key, number);
        self
    }

    pub(super) fn with<T: Serialize + ?Sized>(mut self, key: &'static str, value: &T) -> Self {
        self.own.add_own(key, value);
        self
    }
}

impl<T: AsRef<str>> From<T> for Progress {
    fn from(message: T) -> Self {
        Self::new(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_keys_come_first_and_keep_their_names() {
        let progress = Progress::new("parsing")
            .fields(&Fields::new().field("step", &1))
            .step("parse")
            .current(3)
            .total(10);
        assert_eq!(
            progress.into_fields().to_string(),
            r#"{"progress":"parsing","step":"parse","current":3,"total":10,"step_":1}"#
        );
    }

    #[test]
    fn percent_is_a_short_number_or_nothing() {
        for (percent, written) in [
            (10.0, r#"{"progress":"","percent":10}"#),
            (f64::from(33.3_f32), r#"{"progress":"","percent":33.3}"#),
            (f64::NAN, r#"{"progress":""}"#),
            (f64::INFINITY, r#"{"progress":""}"#),
        ] {
            assert_eq!(
                Progress::new("").percent(percent).into_fields().to_string(),
                written
            );
        }
    }

    #[test]
    fn what_is_said_again_is_said_once() {
        let progress = Progress::new("parsing").step("a").current(1).total(10);
        let progress = progress
            .current(22)
            .step("\"")
            .percent(1.0)
            .percent(f64::NAN);
        assert_eq!(
            progress.into_fields().to_string(),
            r#"{"progress":"parsing","total":10,"current":22,"step":"\"","percent":1}"#
        );
    }
}
