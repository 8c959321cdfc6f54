//! Where a stream of several jobs is: the last event of each.

use std::fmt;

use super::Problem;
use crate::EventId;
use crate::error::shown;

/// The last event of each job, in the jobs' order, joined by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor(Vec<EventId>);

/// Of an id: two numbers of 64 bits.
const LONGEST_ID: usize = 41;

impl Cursor {
    /// Before the first event of so many jobs.
    pub(super) fn start(jobs: usize) -> Self {
        Self(vec![EventId::ZERO; jobs])
    }

    /// Checked before any of it reaches a store.
    pub(super) fn parse(text: &str, jobs: usize) -> Result<Self, Problem> {
        let named = text.split(',').count();
        if named != jobs {
            return Err(Problem::invalid(format!(
                "the cursor {:?} is of a stream of {named} jobs, and this is one of {jobs}: it has an event id for each job, joined by commas",
                shown(text)
            )));
        }
        text.split(',').map(id).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn of(&self, job: usize) -> EventId {
        self.0.get(job).copied().unwrap_or_default()
    }

    pub(super) fn advance(&mut self, job: usize, id: EventId) {
        if let Some(at) = self.0.get_mut(job) {
            *at = id;
        }
    }
}

/// An id as a caller gave it.
pub(super) fn id(text: &str) -> Result<EventId, Problem> {
    if text.len() > LONGEST_ID {
        let (shown, bytes) = (shown(text), text.len());
        return Err(Problem::invalid(format!(
            "{shown:?} is no event id: it has {bytes} bytes, and an event id, `<ms>-<n>`, at most {LONGEST_ID}"
        )));
    }
    Ok(text.parse::<EventId>()?)
}

/// Digits, `-` and `,` alone.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, id) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{id}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_as_it_was_written() {
        let mut cursor = Cursor::start(3);
        cursor.advance(1, EventId::new(5, 7));
        cursor.advance(2, EventId::MAX);
        let written = cursor.to_string();
        assert_eq!(written, "0-0,5-7,18446744073709551615-18446744073709551615");
        assert_eq!(Cursor::parse(&written, 3).unwrap(), cursor);
    }

    #[test]
    fn what_is_no_cursor_is_named_cut_and_escaped() {
        let long = "0".repeat(60) + "-1";
        for (text, jobs, why) in [
            (
                "5-1",
                2,
                r#"the cursor "5-1" is of a stream of 1 jobs, and this is one of 2: it has an event id for each job"#,
            ),
            ("5-1,", 2, r#""" is no event id"#),
            ("$", 1, r#""$" is no event id"#),
            ("+", 1, r#""+" is no event id"#),
            ("5-1\r\nXADD", 1, r#""5-1\r\nXADD" is no event id"#),
            (&long, 1, "has 62 bytes"),
        ] {
            let problem = Cursor::parse(text, jobs).unwrap_err();
            assert_eq!(problem.status, 400);
            assert!(problem.detail.contains(why), "{problem:?}");
        }
        let problem = Cursor::parse(&"x".repeat(5000), 1).unwrap_err();
        assert!(problem.detail.len() < 250, "{problem:?}");
    }
}
