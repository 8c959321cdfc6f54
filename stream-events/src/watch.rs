//! A job followed to its end: history, then live, with no hole between.

mod absence;
mod course;
mod gap;
mod open;
mod place;
mod sequence;
mod source;
mod states;
#[cfg(test)]
mod tests;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use course::Course;
use futures_util::stream::{BoxStream, Stream, StreamExt};

pub use gap::{Gap, Missing};
pub(crate) use sequence::Sequence;
pub(crate) use source::Source;
pub use states::States;

use crate::job::JobId;
use crate::lost::Terms;
use crate::query::Asking;
use crate::tail;
use crate::{Error, Event, EventId, JobState, Query};

/// How long one read waits for the first event.
const WAIT: Duration = Duration::from_secs(5);

/// What [`Reader::watch`](crate::Reader::watch) gives: a `futures::Stream` of a job's events, so
/// far and as they come.
///
/// - It ends behind the event that ends the job, with all that stands behind that by then: a job that
///   failed and is tried again is followed on. So is one that was started again before an earlier run of it
///   is declared lost. What is published to a job that has ended, and begins no run, leaves it ended.
/// - No (run, seq) comes twice, and every missing seq is in a [`Gap`]. Entries that are none of ours come
///   as they are.
/// - A run whose process is gone is given its end, `task_failed` with `error_kind` `lost`, as a
///   [`Reaper`](crate::Reaper) would: its lease has to have stood still for the reader's [grace
///   time](crate::Reader::with_grace). A reader without the right to write goes on waiting. A watch
///   that waits for longer than that needs no reaper.
/// - A run that was declared [lost](crate::Event::is_lost) and lives after all takes that back by
///   its next event. This watch has ended then; one that begins later follows on.
/// - A job that does not exist yet is waited for. A store that goes away is waited for too, and
///   read on from the last event.
/// - A stream that was there and is gone ends it with a gap that says so, [`Expired`](Missing::Expired):
///   after the grace time, since its job may go on; where the watch begins after an event and there is no
///   stream, after 5 s at most.
/// - A stream that has no event as new as one that was seen, and stays so for the grace time, is read again
///   from its start. Where something on it was seen before, its store has gone back, as to an old snapshot:
///   nothing comes twice. Otherwise it is another one, made anew, and all of it comes, behind an
///   [`Expired`](Missing::Expired) gap. Runs that had not ended and are not on it have such a gap as well. A
///   watch that begins after an event knows of the hundred up to that, and of none where the store has gone
///   back by then; it takes a stream that has none that it knows for another one.
/// - Entries that are none of ours are known by their ids alone: where the store has gone back, those up to the
///   newest that was seen were seen, too.
/// - Of two runs that are at work at the same time, the first that ends the job ends the watch. A watch that
///   begins later follows the other on, once that says more.
/// - An error is the last item: the store is there and refuses, for lack of rights or for good.
#[must_use = "it reads nothing until it is polled"]
pub struct Watch {
    source: Source,
    job: JobId,
    prefix: Arc<str>,
    terms: Terms,
    asking: Asking,
    items: BoxStream<'static, Result<Item, Error>>,
}

/// What a watch yields.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Item {
    /// The next event.
    Event(Event),
    /// Events that are missing before the next one.
    Gap(Gap),
}

/// On one line.
impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(event) => fmt::Display::fmt(event, f),
            Self::Gap(gap) => fmt::Display::fmt(gap, f),
        }
    }
}

impl Watch {
    pub(crate) fn new(source: Source, job: JobId, prefix: Arc<str>, terms: Terms) -> Self {
        Self::from(source, job, prefix, terms, EventId::ZERO)
    }

    /// Begins after this event: where an earlier watch, a `Last-Event-ID` or a `publish_*` left
    /// off. Where that event is gone, with all before it, a [`Gap`] says so first.
    pub fn after(self, id: EventId) -> Self {
        Self {
            asking: self.asking,
            ..Self::from(self.source, self.job, self.prefix, self.terms, id)
        }
    }

    /// Yields those events alone that the query asks for, and all gaps: what is missing may have been
    /// asked for. It still ends when the job has, and its [`states`](Self::states) are those of all events.
    /// A second query replaces the first.
    pub fn matching(self, query: Query) -> Self {
        let asking = Asking::new(query);
        Self { asking, ..self }
    }

    /// The next event or gap; none after the end. An error is the last item.
    pub async fn next(&mut self) -> Option<Result<Item, Error>> {
        StreamExt::next(self).await
    }

    /// Where the job stands after each burst of events, instead of the events; of a long history, after each
    /// page of it.
    pub fn states(self) -> States {
        let state = JobState::new(self.job.as_str());
        States::new(self.items, state)
    }

    /// The same, going on from a state of this job, after its newest event.
    pub fn states_from(self, state: JobState) -> States {
        let watch = self.after(state.last_id);
        States::new(watch.items, state)
    }

    fn from(source: Source, job: JobId, prefix: Arc<str>, terms: Terms, after: EventId) -> Self {
        let course = Course::new(source.clone(), &job, &prefix, terms, after);
        Self {
            source,
            job,
            prefix,
            terms,
            asking: Asking::default(),
            items: tail::items(course),
        }
    }
}

/// Whether a watch that begins after this event ends there at once: the job has ended, and nothing is behind
/// it.
#[cfg(feature = "axum")]
pub(crate) async fn has_ended(
    connection: &dyn crate::store::Connection,
    key: &str,
    after: EventId,
) -> Result<bool, crate::store::Fault> {
    let place = place::Place::find(connection, key, after).await?;
    let behind = connection.range(key, after.next(), EventId::MAX, 1);
    Ok(place.is_end && (after == EventId::MAX || behind.await?.is_empty()))
}

impl Stream for Watch {
    type Item = Result<Item, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { asking, items, .. } = &mut *self;
        asking.poll(items, context)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watch({})", self.job.key(&self.prefix))
    }
}
