//! Where a page left off.

use std::fmt;
use std::str::FromStr;

use crate::error::{Repr, shown};
use crate::{Error, EventId, JobId};

/// Written `<top>_<below>_<since>`, and behind all that the feed has `<top>_<below>_<since>_<job>`: it may
/// stand in a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The newest event of the feed when the first page was read.
    pub(super) top: EventId,
    /// Of the starts from there down to this event, each was looked at.
    pub(super) below: EventId,
    /// When the last of those happened, in microseconds since 1970.
    pub(super) since: u64,
    /// All were, and of the jobs without one those up to this.
    pub(super) job: Option<JobId>,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            top,
            below,
            since,
            job,
        } = self;
        write!(f, "{top}_{below}_{since}")?;
        job.as_ref().map_or(Ok(()), |job| write!(f, "_{job}"))
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        read(text).ok_or_else(|| Repr::Cursor { shown: shown(text) }.into())
    }
}

fn read(text: &str) -> Option<Cursor> {
    let mut parts = text.splitn(4, '_');
    Some(Cursor {
        top: parts.next()?.parse().ok()?,
        below: parts.next()?.parse().ok()?,
        since: parts.next()?.parse().ok()?,
        job: parts.next().map(JobId::try_from).transpose().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_as_it_is_written() {
        for text in ["7-1_5-0_9", "7-1_5-0_9_a_b", "7-1_5-0_9_用户/7"] {
            let cursor: Cursor = text.parse().unwrap();
            assert_eq!(cursor.to_string(), text);
        }
        for text in [
            "",
            "7-1",
            "7-1_5-0",
            "7-1_x_9",
            "7-1_5-0_",
            "7-1_5-0_9_",
            "7-1_5-0_9_{",
            "_5-0_9",
        ] {
            let error = text.parse::<Cursor>().unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidCursor);
            let what = format!("{text:?} is no place in a list of jobs");
            assert!(error.to_string().starts_with(&what), "{error}");
        }
    }
}
