//! What an event says happened.

use std::borrow::Cow;
use std::fmt;

/// The type of an event: one of the five that a run writes by itself, or a domain event's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventType {
    /// `task_started`
    TaskStarted,
    /// `task_progress`
    TaskProgress,
    /// `task_completed`
    TaskCompleted,
    /// `task_failed`
    TaskFailed,
    /// `task_resumed`: the run was declared [lost](crate::Event::is_lost) while its process was frozen
    /// or cut off from the store, and goes on.
    TaskResumed,
    /// A domain event, such as `outline_generated`; `unknown` where its writer named none.
    Other(Cow<'static, str>),
}

impl EventType {
    /// The type of an event that names none.
    pub const UNKNOWN: Self = Self::Other(Cow::Borrowed("unknown"));

    /// The text that stands in `event_type`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::TaskStarted => "task_started",
            Self::TaskProgress => "task_progress",
            Self::TaskCompleted => "task_completed",
            Self::TaskFailed => "task_failed",
            Self::TaskResumed => "task_resumed",
            Self::Other(name) => name,
        }
    }

    /// Whether a run ends with such an event.
    pub(crate) fn ends_run(&self) -> bool {
        matches!(self, Self::TaskCompleted | Self::TaskFailed)
    }

    /// A type for an event that is not one of a run's own: their names get a trailing `_`, as
    /// reserved keys do, so that no stream has two ends.
    ///
    /// A name of more than [`MAX_NAME`] bytes is cut.
    pub(crate) fn domain(name: &str) -> Self {
        match Self::from(cut_name(name)) {
            Self::Other(name) => Self::Other(name),
            own => Self::Other(Cow::Owned(format!("{own}_"))),
        }
    }
}

/// The most bytes of an event's or a task's type.
pub const MAX_NAME: usize = 256;

/// As much of a name as fits.
pub(crate) fn cut_name(name: &str) -> &str {
    let end = (0..=MAX_NAME.min(name.len()))
        .rev()
        .find(|end| name.is_char_boundary(*end));
    &name[..end.unwrap_or(0)]
}

impl From<&str> for EventType {
    fn from(name: &str) -> Self {
        match name {
            "task_started" => Self::TaskStarted,
            "task_progress" => Self::TaskProgress,
            "task_completed" => Self::TaskCompleted,
            "task_failed" => Self::TaskFailed,
            "task_resumed" => Self::TaskResumed,
            "" | "unknown" => Self::UNKNOWN,
            other => Self::Other(Cow::Owned(other.to_owned())),
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_a_nameless_one_is_unknown() {
        for name in [
            "task_started",
            "task_progress",
            "task_completed",
            "task_failed",
            "task_resumed",
            "outline_generated",
        ] {
            assert_eq!(EventType::from(name).as_str(), name);
        }
        assert_eq!(EventType::from("").as_str(), "unknown");
    }

    #[test]
    fn a_name_is_cut_at_its_bound_between_characters() {
        let name = EventType::domain(&"汉".repeat(1000));
        assert_eq!(name.as_str(), "汉".repeat(85));
    }

    #[test]
    fn a_domain_event_cannot_pose_as_a_lifecycle_event() {
        assert_eq!(
            EventType::domain("task_completed").as_str(),
            "task_completed_"
        );
        assert_eq!(
            EventType::domain("outline_generated").as_str(),
            "outline_generated"
        );
    }
}
