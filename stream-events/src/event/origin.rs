//! Where a run comes from, as far as that is known: keys that each of its events has.

use super::Fields;
use super::payload::write_text;
use crate::digits::Digits;

/// Which try of how many a run is, whose work it is part of, and what a trace calls it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Counted from 1.
    pub(crate) attempt: Option<u64>,
    pub(crate) max_attempts: Option<u64>,
    pub(crate) parent: Option<String>,
    pub(crate) trace: Option<Trace>,
}

/// A run's span as OpenTelemetry knows it, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// 32 digits.
    pub trace_id: String,
    /// 16 digits.
    pub span_id: String,
}

impl Origin {
    pub(crate) const UNKNOWN: Self = Self {
        attempt: None,
        max_attempts: None,
        parent: None,
        trace: None,
    };

    /// In the order in which an event has them.
    pub(crate) const KEYS: [&str; 5] = [
        "attempt",
        "max_attempts",
        "parent_job_id",
        "trace_id",
        "span_id",
    ];

    /// Whether another try follows where this one fails; false where that is not known.
    pub(crate) fn will_retry(&self) -> bool {
        let tries = self.attempt.zip(self.max_attempts);
        tries.is_some_and(|(attempt, most)| attempt < most)
    }

    /// With what `other` knows beside it.
    pub(crate) fn or(&self, other: &Self) -> Self {
        Self {
            attempt: self.attempt.or(other.attempt),
            max_attempts: self.max_attempts.or(other.max_attempts),
            parent: self.parent.clone().or_else(|| other.parent.clone()),
            trace: self.trace.clone().or_else(|| other.trace.clone()),
        }
    }

    /// What `other` does not know of tries and parent.
    pub(crate) fn beyond(&self, other: &Self) -> Self {
        let parent = self.parent.clone();
        Self {
            attempt: self.attempt.filter(|_| other.attempt.is_none()),
            max_attempts: self.max_attempts.filter(|_| other.max_attempts.is_none()),
            parent: parent.filter(|_| other.parent.is_none()),
            trace: None,
        }
    }

    /// As fields of one event, whose run does not have them.
    pub(crate) fn add_to(self, mut fields: Fields) -> Fields {
        let numbers = [
            ("attempt", self.attempt),
            ("max_attempts", self.max_attempts),
        ];
        for (key, number) in numbers {
            if let Some(number) = number {
                fields = fields.own(key, &number);
            }
        }
        match self.parent {
            Some(parent) => fields.own("parent_job_id", &parent),
            None => fields,
        }
    }

    /// `,"attempt":…` and so on, of what is known.
    pub(super) fn write(&self, text: &mut Vec<u8>) {
        let [attempt, max_attempts, parent, trace_id, span_id] = Self::KEYS;
        let begin = |text: &mut Vec<u8>, key: &str| {
            text.push(b',');
            write_text(text, key);
            text.push(b':');
        };
        for (key, number) in [(attempt, self.attempt), (max_attempts, self.max_attempts)] {
            if let Some(number) = number {
                begin(text, key);
                text.extend_from_slice(Digits::of(number).as_bytes());
            }
        }
        let trace = self.trace.as_ref();
        for (key, value) in [
            (parent, self.parent.as_deref()),
            (trace_id, trace.map(|trace| &*trace.trace_id)),
            (span_id, trace.map(|trace| &*trace.span_id)),
        ] {
            if let Some(value) = value {
                begin(text, key);
                write_text(text, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tries(attempt: impl Into<Option<u64>>, most: impl Into<Option<u64>>) -> Origin {
        Origin {
            attempt: attempt.into(),
            max_attempts: most.into(),
            ..Origin::default()
        }
    }

    #[test]
    fn another_try_follows_where_there_are_some_left() {
        assert!(tries(1, 3).will_retry());
        assert!(!tries(3, 3).will_retry());
        assert!(!tries(4, 3).will_retry());
        assert!(!tries(1, None).will_retry());
        assert!(!tries(None, 3).will_retry());
    }

    #[test]
    fn what_is_known_is_written() {
        let mut text = Vec::new();
        Origin::default().write(&mut text);
        assert_eq!(text, b"");
        let origin = Origin {
            parent: Some("a\"b".to_owned()),
            trace: Some(Trace {
                trace_id: "0af7".to_owned(),
                span_id: "b7ad".to_owned(),
            }),
            ..tries(2, 5)
        };
        origin.write(&mut text);
        assert_eq!(
            String::from_utf8(text).unwrap(),
            r#","attempt":2,"max_attempts":5,"parent_job_id":"a\"b","trace_id":"0af7","span_id":"b7ad""#
        );
    }
}
