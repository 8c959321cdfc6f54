//! An event as a test sees it: its type, and the fields that matter.

use std::fmt::{self, Write as _};

use serde_json::Value;

use crate::Event;
use crate::event::members;

#[derive(Debug)]
pub(super) struct Line {
    pub(super) event_type: String,
    pub(super) fields: Vec<(String, Value)>,
}

impl Line {
    pub(super) fn new(event_type: &str) -> Self {
        Self {
            event_type: event_type.to_owned(),
            fields: Vec::new(),
        }
    }

    pub(super) fn of(event: &Event) -> Self {
        let fields = members(&event.data()).into_iter().map(|(key, value)| {
            let text = || Value::String(value.get().to_owned());
            (
                key,
                serde_json::from_str(value.get()).unwrap_or_else(|_| text()),
            )
        });
        Self {
            fields: fields.collect(),
            ..Self::new(event.event_type().as_str())
        }
    }

    /// Whether the other one is of this type, and has all of these fields.
    pub(super) fn is_in(&self, found: &Self) -> bool {
        let is_there = |field| found.fields.contains(field);
        self.event_type == found.event_type && self.fields.iter().all(is_there)
    }

    /// As `assert_events!` takes it. Without what differs from run to run, unless it is `asked` for.
    pub(super) fn shown(&self, asked: &[&str]) -> String {
        let is_shown = |key: &str| !VOLATILE.contains(&key) || asked.contains(&key);
        let fields = self.fields.iter().filter(|(key, _)| is_shown(key));
        let fields: Vec<_> = fields
            .map(|(key, value)| format!("{}: {}", Key(key), Short(value)))
            .collect();
        match &fields[..] {
            [] => format!("{:?},", self.event_type),
            _ => format!("{:?} {{ {} }},", self.event_type, fields.join(", ")),
        }
    }
}

/// What every event has, and what no two runs have alike.
const VOLATILE: [&str; 10] = [
    "event_type",
    "timestamp",
    "job_id",
    "task_type",
    "run",
    "seq",
    "duration_ms",
    "elapsed_ms",
    "trace_id",
    "span_id",
];

/// A name, or what has to be in quotes.
struct Key<'a>(&'a str);

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_of_name = |c: char| c == '_' || c.is_ascii_alphanumeric();
        match self.0.chars().all(is_of_name) && !self.0.starts_with(|c: char| c.is_ascii_digit()) {
            true => f.write_str(self.0),
            false => write!(f, "{:?}", self.0),
        }
    }
}

/// A value whose end is left out where it is long.
struct Short<'a>(&'a Value);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let mut characters = text.chars();
        characters
            .by_ref()
            .take(LONGEST)
            .try_for_each(|c| f.write_char(c))?;
        match characters.next() {
            Some(_) => write!(f, "… ({} bytes)", text.len()),
            None => Ok(()),
        }
    }
}

const LONGEST: usize = 400;
