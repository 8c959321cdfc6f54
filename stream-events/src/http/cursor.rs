//! Where a stream of several jobs is: the last event of each.

use std::fmt;

use super::Problem;
use crate::EventId;
use crate::error::shown;

/// The last event of each job, in the jobs' order, joined by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor(Vec<Place>);

/// The last event of a job.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) id: EventId,
    /// Whether the client was told that the stream is gone, and is not to be told for ever.
    pub(super) is_gone: bool,
}

/// Behind an id.
const GONE: &str = ".gone";

/// Of an id: two numbers of 64 bits.
const LONGEST_ID: usize = 41;

impl Cursor {
    /// Before the first event of so many jobs.
    pub(super) fn start(jobs: usize) -> Self {
        Self(vec![Place::default(); jobs])
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
        text.split(',')
            .map(place)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(super) fn of(&self, job: usize) -> Place {
        self.0.get(job).copied().unwrap_or_default()
    }

    pub(super) fn advance(&mut self, job: usize, id: EventId) {
        if let Some(at) = self.0.get_mut(job) {
            *at = Place { id, is_gone: false };
        }
    }

    /// The client is told that the job's stream is gone. Whether that is news.
    pub(super) fn tell_gone(&mut self, job: usize) -> bool {
        let place = self.0.get_mut(job);
        place.is_some_and(|place| !std::mem::replace(&mut place.is_gone, true))
    }
}

fn place(text: &str) -> Result<Place, Problem> {
    let bare = text.strip_suffix(GONE);
    Ok(Place {
        id: id(bare.unwrap_or(text))?,
        is_gone: bare.is_some(),
    })
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

/// Digits, `-`, `,` and `.gone` alone.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, place) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let gone = if place.is_gone { GONE } else { "" };
            write!(f, "{comma}{}{gone}", place.id)?;
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
    fn that_a_stream_is_gone_is_told_once_until_there_is_another() {
        let mut cursor = Cursor::start(2);
        cursor.advance(1, EventId::new(5, 7));
        assert!(cursor.tell_gone(1) && !cursor.tell_gone(1));
        assert_eq!(cursor.to_string(), "0-0,5-7.gone");
        let mut read = Cursor::parse("0-0,5-7.gone", 2).unwrap();
        assert_eq!(read, cursor);
        assert!(!read.tell_gone(1));
        read.advance(1, EventId::new(6, 0));
        assert_eq!(read.to_string(), "0-0,6-0");
        assert!(read.tell_gone(1));
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
            (".gone", 1, r#""" is no event id"#),
            ("5-1.gone.gone", 1, r#""5-1.gone" is no event id"#),
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
