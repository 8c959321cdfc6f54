//! What readers know of an event's `data`, as far as it is there: whoever wrote it, each member may be of any
//! type, or missing.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::value::RawValue;

use super::number::Number;
use super::{decode, text};
use crate::Json;

/// The members of these names, each as its text.
pub(crate) struct Facts<'a>([Option<&'a RawValue>; KEYS.len()]);

const KEYS: [&str; 20] = [
    "task_type",
    "attempt",
    "max_attempts",
    "parent_job_id",
    "worker",
    "progress",
    "step",
    "current",
    "total",
    "percent",
    "rate",
    "eta_ms",
    "elapsed_ms",
    "phase",
    "parent_phase",
    "coalesced",
    "result",
    "duration_ms",
    "error",
    "error_kind",
];

impl<'a> Facts<'a> {
    pub(crate) fn of(data: &'a str) -> Self {
        Self(decode::members(data, KEYS))
    }

    /// A member's text: a string's own, or the JSON of what is none.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        let written = self.member(key)?.get();
        match written.as_bytes().first()? {
            b'"' => text::lossy(written).map(Cow::into_owned),
            _ => Some(written.to_owned()),
        }
    }

    pub(crate) fn number(&self, key: &str) -> Option<Number> {
        Number::read(self.member(key)?.get())
    }

    /// A number that counts, and has neither a sign nor a fraction.
    pub(crate) fn count(&self, key: &str) -> Option<u64> {
        self.number(key)?.as_u64()
    }

    pub(crate) fn float(&self, key: &str) -> Option<f64> {
        Some(self.number(key)?.as_f64())
    }

    /// A time in milliseconds.
    pub(crate) fn millis(&self, key: &str) -> Option<Duration> {
        match self.count(key) {
            Some(ms) => Some(Duration::from_millis(ms)),
            None => Duration::try_from_secs_f64(self.float(key)? / 1000.0).ok(),
        }
    }

    /// A member as it was written, of so many bytes at most.
    pub(crate) fn json(&self, key: &str, most: usize) -> Option<Json> {
        let written = self.member(key)?;
        (written.get().len() <= most).then(|| Json::of(written))
    }

    /// What is `null` is none.
    fn member(&self, key: &str) -> Option<&'a RawValue> {
        let at = KEYS.iter().position(|known| *known == key)?;
        self.0[at].filter(|value| value.get() != "null")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_what_they_were_written_as_or_none() {
        let facts = Facts::of(
            r#"{"progress":"a \ud800 b","step":7,"error":null,"worker":{"host":"h"},"current":3,"total":2.5,
            "percent":-1,"rate":"fast","eta_ms":1500.5,"elapsed_ms":-4,"duration_ms":30,"attempt":1e400}"#,
        );
        assert_eq!(
            facts.text("progress").as_deref(),
            Some("a \u{fffd}\u{fffd}\u{fffd} b")
        );
        assert_eq!(facts.text("step").as_deref(), Some("7"));
        assert_eq!((facts.text("error"), facts.text("task_type")), (None, None));
        assert_eq!(facts.text("worker").as_deref(), Some(r#"{"host":"h"}"#));
        assert_eq!(
            (facts.count("current"), facts.count("total")),
            (Some(3), None)
        );
        assert_eq!(facts.number("total").map(Number::as_f64), Some(2.5));
        assert_eq!(
            (facts.float("percent"), facts.float("rate")),
            (Some(-1.0), None)
        );
        assert_eq!(
            facts.millis("eta_ms"),
            Some(Duration::from_micros(1_500_500))
        );
        assert_eq!(
            (facts.millis("elapsed_ms"), facts.number("attempt")),
            (None, None)
        );
        let result = Facts::of(r#"{"result": [1, 2] }"#);
        assert_eq!(result.json("result", 6).unwrap().as_str(), "[1, 2]");
        assert_eq!(result.json("result", 5), None);
    }
}
