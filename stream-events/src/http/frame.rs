//! What is pushed to a client: events, and what is to be said beside them.

use super::object::{write_members, write_text};
use super::{Cursor, Problem};
use crate::{Event, Gap, JobId};

/// One message. Only an event moves the cursor where a client can see it.
#[derive(Debug)]
pub(super) enum Frame<'a> {
    Event {
        job: &'a JobId,
        event: &'a Event,
        cursor: &'a Cursor,
    },
    Gap {
        job: &'a JobId,
        gap: &'a Gap,
    },
    /// The job has ended, and all its events have come.
    End {
        job: &'a JobId,
    },
    /// Where the stream is, which no event has said: no message, but what a client comes back with by itself.
    Place(&'a Cursor),
    /// The last frame of a stream that cannot go on.
    Error(&'a Problem),
    /// The last frame of one that goes on where the client takes it up again.
    Bye(Bye),
}

/// Why the client has to take it up again.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bye {
    Lifetime,
    Shutdown,
}

impl Frame<'_> {
    /// What tells it from others, but for an event.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Event { .. } => "event",
            Self::Gap { .. } => "gap",
            Self::End { .. } => "end",
            Self::Place(_) => "place",
            Self::Error(_) => "error",
            Self::Bye(_) => "bye",
        }
    }

    /// Appends the members of its JSON object, on one line.
    pub(super) fn write_members(&self, out: &mut Vec<u8>) {
        match self {
            Self::Event { job, event, .. } => write_members(out, job, event),
            Self::Gap { job, gap } => {
                write_job(out, job);
                out.extend_from_slice(b",\"run\":");
                write_text(out, &gap.run);
                let numbers = format!(",\"first\":{},\"count\":{}", gap.first, gap.count);
                out.extend_from_slice(numbers.as_bytes());
                out.extend_from_slice(b",\"why\":");
                write_text(out, gap.why.as_str());
            }
            Self::End { job } => write_job(out, job),
            Self::Place(_) => {}
            Self::Error(problem) => {
                let json = problem.to_json();
                let inner = json
                    .strip_prefix(b"{")
                    .and_then(|rest| rest.strip_suffix(b"}"));
                out.extend_from_slice(inner.unwrap_or_default());
            }
            Self::Bye(why) => out.extend_from_slice(match why {
                Bye::Lifetime => b"\"why\":\"lifetime\"",
                Bye::Shutdown => b"\"why\":\"shutdown\"",
            }),
        }
    }
}

fn write_job(out: &mut Vec<u8>, job: &JobId) {
    out.extend_from_slice(b"\"job_id\":");
    write_text(out, job.as_str());
}
