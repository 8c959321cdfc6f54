//! A job followed to its end: history, then live, with no hole between.

mod open;
mod sequence;
mod source;

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use backon::ExponentialBackoff;
use futures_util::stream::{BoxStream, Stream, StreamExt, unfold};

use open::OpenRuns;
pub(crate) use sequence::Sequence;
pub use sequence::{Gap, Missing};
use source::Line;
pub(crate) use source::Source;

use crate::backoff;
use crate::event::Entry;
use crate::job::JobId;
use crate::lost::{Losses, Terms};
use crate::reader::page::{FIRST_PAGE, fitting};
use crate::store::{Class, Connection, Fault};
use crate::{Error, Event, EventId};

/// How long one read waits for the first event.
const WAIT: Duration = Duration::from_secs(5);
/// Between two looks at a lease, where the grace time is shorter than the wait.
const SHORTEST_WAIT: Duration = Duration::from_millis(25);

/// What [`Reader::watch`](crate::Reader::watch) gives: a `futures::Stream` of a job's events, so
/// far and as they come.
///
/// - It ends when the stream's newest event is terminal: a job that failed and is tried again is
///   followed on. So is one that was started again before an earlier run of it is declared lost.
/// - No (run, seq) comes twice, and every missing seq is in a [`Gap`].
/// - A run whose process is gone is given its end, `task_failed` with `error_kind` `lost`, as a
///   [`Reaper`](crate::Reaper) would: its lease has to have stood still for the reader's [grace
///   time](crate::Reader::with_grace). A reader without the right to write goes on waiting. A watch
///   that waits for longer than that needs no reaper.
/// - A run that was declared [lost](crate::Event::is_lost) and lives after all takes that back by
///   its next event. This watch has ended then; one that begins later follows on.
/// - A job that does not exist yet is waited for. A store that goes away is waited for too, and
///   read on from the last event.
/// - An error is the last item: the store is there and refuses, for lack of rights or for good.
#[must_use = "it reads nothing until it is polled"]
pub struct Watch {
    source: Source,
    job: JobId,
    prefix: Arc<str>,
    terms: Terms,
    items: BoxStream<'static, Result<Item, Error>>,
}

/// What a watch yields.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Item {
    /// The next event.
    Event(Event),
    /// Events of a run that are missing before the next one.
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

/// A watch at work. A read always begins after a concrete id: after `$`, what comes between two
/// reads would be lost.
struct Tail {
    source: Source,
    key: String,
    connection: Option<Line>,
    waits: ExponentialBackoff,
    after: EventId,
    sequence: Option<Sequence>,
    open: OpenRuns,
    /// How long a read waits for the first event.
    wait: Duration,
    /// How many are read at a time.
    page: usize,
    ready: VecDeque<Item>,
    /// Whether the last event was terminal.
    has_ended: bool,
    is_over: bool,
}

impl Watch {
    pub(crate) fn new(source: Source, job: JobId, prefix: Arc<str>, terms: Terms) -> Self {
        Self::from(source, job, prefix, terms, EventId::ZERO)
    }

    /// Begins after this event: where an earlier watch, a `Last-Event-ID` or a `publish_*` left
    /// off. Of a run of which the stream holds nothing up to there any more, no gap is named before
    /// its next event.
    pub fn after(self, id: EventId) -> Self {
        Self::from(self.source, self.job, self.prefix, self.terms, id)
    }

    /// The next event or gap; none after the end. An error is the last item.
    pub async fn next(&mut self) -> Option<Result<Item, Error>> {
        self.items.next().await
    }

    fn from(source: Source, job: JobId, prefix: Arc<str>, terms: Terms, after: EventId) -> Self {
        let losses = Losses::new(Arc::clone(&prefix), terms);
        let tail = Tail {
            source: source.clone(),
            key: job.key(&prefix),
            connection: None,
            waits: backoff::waits(),
            after,
            sequence: None,
            open: OpenRuns::new(job.clone(), losses),
            wait: terms.grace.clamp(SHORTEST_WAIT, WAIT),
            page: FIRST_PAGE,
            ready: VecDeque::new(),
            has_ended: false,
            is_over: false,
        };
        let next = |mut tail: Tail| async move { Some((tail.next().await?, tail)) };
        Self {
            source,
            job,
            prefix,
            terms,
            items: unfold(tail, next).fuse().boxed(),
        }
    }
}

/// Whether nothing is behind this event, up to which the job has ended: a watch that begins there ends at
/// once.
#[cfg(feature = "axum")]
pub(crate) async fn has_ended(
    connection: &dyn Connection,
    key: &str,
    after: EventId,
) -> Result<bool, Fault> {
    let is_end = Place::find(connection, key, after).await?.is_end;
    let behind = connection.range(key, after.next(), EventId::MAX, 1);
    Ok(is_end && (after == EventId::MAX || behind.await?.is_empty()))
}

impl Tail {
    async fn next(&mut self) -> Option<Result<Item, Error>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(Ok(item));
            }
            if self.is_over {
                return None;
            }
            match self.read().await {
                Ok(entries) => self.take(entries),
                // The end has been seen: what might have come after it is not worth waiting for a
                // store that is away.
                Err(_) if self.has_ended => self.is_over = true,
                Err(fault) if matches!(fault.class, Class::Connection | Class::Later) => {
                    self.wait().await;
                }
                Err(fault) => {
                    self.is_over = true;
                    return Some(Err(fault.into_error(self.source.store(), "the read")));
                }
            }
        }
    }

    async fn read(&mut self) -> Result<Vec<Entry>, Fault> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.source.open().await?),
        };
        if self.sequence.is_none() {
            let place = Place::find(&**connection, &self.key, self.after).await?;
            self.has_ended = place.is_end;
            place.known().for_each(|event| self.open.note(event));
            self.sequence = Some(Sequence::after(self.after, &place.seen));
        }
        if self.has_ended {
            return connection
                .read(&self.key, self.after, self.page, Duration::ZERO)
                .await;
        }
        let read = connection.read(&self.key, self.after, self.page, self.wait);
        let entries = read.await?;
        if entries.is_empty() {
            self.open.check(&**connection).await?;
        }
        Ok(entries)
    }

    fn take(&mut self, entries: Vec<Entry>) {
        self.waits = backoff::waits();
        self.is_over = entries.is_empty() && self.has_ended;
        if !entries.is_empty() {
            self.page = fitting(&entries);
        }
        for entry in entries {
            self.after = entry.id;
            let event = Event::from(entry);
            if !event.is_superseded() {
                self.has_ended = event.is_terminal();
            }
            self.open.note(&event);
            let Some(sequence) = &mut self.sequence else {
                continue;
            };
            self.ready.extend(sequence.next(event));
        }
    }

    async fn wait(&mut self) {
        self.connection = None;
        self.open.connection_lost();
        tokio::time::sleep(backoff::next(&mut self.waits)).await;
    }
}

/// Where a watch begins.
struct Place {
    /// What stands there up to the event that it begins after, oldest first: what is not the run's own,
    /// such as that it was lost, does not say where its run was.
    seen: Vec<Event>,
    /// The stream's newest that says how the job stands.
    newest: Option<Event>,
    /// Whether nothing is behind it but the end that has been seen.
    is_end: bool,
}

impl Place {
    async fn find(connection: &dyn Connection, key: &str, after: EventId) -> Result<Self, Fault> {
        if after == EventId::ZERO {
            return Ok(Self {
                seen: Vec::new(),
                newest: None,
                is_end: false,
            });
        }
        let seen = connection
            .tail(key, EventId::ZERO, after, FIRST_PAGE)
            .await?;
        let (mut newest, mut to) = (None, EventId::MAX);
        while let Some(entry) = connection.tail(key, EventId::ZERO, to, 1).await?.pop() {
            to = entry.id.previous();
            newest = Some(Event::from(entry)).filter(|event| !event.is_superseded());
            if newest.is_some() {
                break;
            }
        }
        let is_over = |event: &Event| event.is_terminal() && event.id() <= after;
        Ok(Self {
            seen: seen.into_iter().rev().map(Event::from).collect(),
            is_end: newest.as_ref().is_some_and(is_over),
            newest,
        })
    }

    /// What is known of runs that the watch may see nothing more of, in order.
    fn known(&self) -> impl Iterator<Item = &Event> {
        self.seen.iter().chain(&self.newest)
    }
}

impl Stream for Watch {
    type Item = Result<Item, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.items.poll_next_unpin(context)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watch({})", self.job.key(&self.prefix))
    }
}
