//! The keys that there are, and what is said behind each.

/// A key of which the language knows what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Type,
    Task,
    Job,
    Run,
    Parent,
    Worker,
    Step,
    Status,
    Kind,
    Error,
    Progress,
    Message,
    Attempt,
    Seq,
    Percent,
    Current,
    Total,
    Rate,
    Duration,
    Elapsed,
    Eta,
    After,
    Before,
    Started,
    Ended,
}

/// What is said behind a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// A name, which is looked at as a whole.
    Name,
    /// A text, in which is searched.
    Text,
    Number,
    /// A length of time; in events, of milliseconds.
    Length,
    /// `after` and `before`.
    Side,
    /// A point in time.
    Time,
    Status,
}

/// Each with what is said behind it, and the member of an event's `data` that it looks at.
pub(super) const KEYS: [(Known, &str, Sort, &str); 25] = [
    (Known::Type, "type", Sort::Name, ""),
    (Known::Task, "task", Sort::Name, "task_type"),
    (Known::Job, "job", Sort::Name, "job_id"),
    (Known::Run, "run", Sort::Name, "run"),
    (Known::Parent, "parent", Sort::Name, "parent_job_id"),
    (Known::Worker, "worker", Sort::Name, "worker"),
    (Known::Step, "step", Sort::Name, "step"),
    (Known::Status, "status", Sort::Status, ""),
    (Known::Kind, "kind", Sort::Name, "error_kind"),
    (Known::Error, "error", Sort::Text, "error"),
    (Known::Progress, "progress", Sort::Text, "progress"),
    (Known::Message, "message", Sort::Text, "message"),
    (Known::Attempt, "attempt", Sort::Number, "attempt"),
    (Known::Seq, "seq", Sort::Number, "seq"),
    (Known::Percent, "percent", Sort::Number, "percent"),
    (Known::Current, "current", Sort::Number, "current"),
    (Known::Total, "total", Sort::Number, "total"),
    (Known::Rate, "rate", Sort::Number, "rate"),
    (Known::Duration, "duration", Sort::Length, "duration_ms"),
    (Known::Elapsed, "elapsed", Sort::Length, "elapsed_ms"),
    (Known::Eta, "eta", Sort::Length, "eta_ms"),
    (Known::After, "after", Sort::Side, ""),
    (Known::Before, "before", Sort::Side, ""),
    (Known::Started, "started", Sort::Time, ""),
    (Known::Ended, "ended", Sort::Time, ""),
];

impl Known {
    pub(super) fn of(name: &str) -> Option<Self> {
        let mut rows = KEYS.iter();
        rows.find(|(_, known, ..)| *known == name).map(|row| row.0)
    }

    fn row(self) -> (Self, &'static str, Sort, &'static str) {
        let mut rows = KEYS.into_iter();
        rows.find(|(known, ..)| *known == self).unwrap_or(KEYS[0])
    }

    pub(super) fn name(self) -> &'static str {
        self.row().1
    }

    pub(super) fn sort(self) -> Sort {
        self.row().2
    }

    /// Of an event's `data`; empty where it looks at something else.
    pub(super) fn member(self) -> &'static str {
        self.row().3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_known_by_its_name() {
        for (known, name, ..) in KEYS {
            assert_eq!(Known::of(name), Some(known));
            assert_eq!(known.name(), name);
        }
        assert_eq!(Known::of("tsak"), None);
    }
}
