//! How a job stands, in a word.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::Error;
use crate::error::{Repr, shown};

/// How a job stands.
///
/// A run that was cancelled, or [lost](crate::Event::is_lost), has failed; `error_kind` tells which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// Nothing on its stream says how it stands.
    Unknown,
    /// It is at work.
    Running,
    /// A run has failed, and another follows.
    Retrying,
    /// It is done.
    Completed,
    /// It has failed for good.
    Failed,
}

impl Status {
    /// All that there are.
    pub const ALL: &[Self] = &[
        Self::Unknown,
        Self::Running,
        Self::Retrying,
        Self::Completed,
        Self::Failed,
    ];

    /// `unknown`, `running`, `retrying`, `completed` or `failed`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }

    /// Whether the job has ended.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Its text.
impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl FromStr for Status {
    type Err = Error;

    /// # Errors
    ///
    /// [`InvalidStatus`](crate::ErrorKind::InvalidStatus).
    fn from_str(text: &str) -> Result<Self, Error> {
        let known = Self::ALL.iter().find(|status| status.as_str() == text);
        let refused = || Repr::Status { shown: shown(text) }.into();
        known.copied().ok_or_else(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_back_and_what_is_none_is_refused_by_name() {
        for status in Status::ALL {
            assert_eq!(status.to_string().parse::<Status>().unwrap(), *status);
        }
        let error = "Running".parse::<Status>().unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::InvalidStatus);
        assert_eq!(
            error.to_string(),
            "\"Running\" is no status; accepted are unknown, running, retrying, completed and failed"
        );
    }
}
