//! The events that a stream holds now, page by page.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::vec;

use futures_util::stream::{BoxStream, Stream, StreamExt, unfold};

use super::Reader;
use super::page::{FIRST_PAGE, fitting};
use crate::event::Entry;
use crate::query::Asking;
use crate::store::{BoxFuture, Connection, Fault};
use crate::{Error, Event, EventId, Query};

/// What [`Reader::history`] gives: a `futures::Stream` of events, oldest first, up to the newest at
/// that time.
#[must_use = "it reads nothing until it is polled"]
pub struct History {
    reader: Reader,
    key: String,
    after: EventId,
    asking: Asking,
    events: BoxStream<'static, Result<Event, Error>>,
}

/// What is read and not yet given, and what is being read meanwhile.
struct Pages {
    reader: Reader,
    key: String,
    after: EventId,
    read: vec::IntoIter<Entry>,
    /// How many are asked for next.
    size: usize,
    ahead: Option<Ahead>,
    is_over: bool,
}

/// The page behind the one that is read, and the connection that it is asked of.
struct Ahead {
    connection: Arc<dyn Connection>,
    page: BoxFuture<'static, Result<Vec<Entry>, Fault>>,
}

impl History {
    pub(super) fn new(reader: Reader, key: String) -> Self {
        Self::of(reader, key, EventId::ZERO)
    }

    /// Begins after this event.
    pub fn after(self, id: EventId) -> Self {
        Self {
            asking: self.asking,
            ..Self::of(self.reader, self.key, id)
        }
    }

    /// Gives those events alone that the query asks for; all are read. A second query replaces the first.
    pub fn matching(self, query: Query) -> Self {
        let asking = Asking::new(query);
        Self { asking, ..self }
    }

    /// The next event; none after the last. An error is the last item.
    pub async fn next(&mut self) -> Option<Result<Event, Error>> {
        StreamExt::next(self).await
    }

    fn of(reader: Reader, key: String, after: EventId) -> Self {
        let pages = Pages {
            reader: reader.clone(),
            key: key.clone(),
            after,
            read: Vec::new().into_iter(),
            size: FIRST_PAGE,
            ahead: None,
            is_over: false,
        };
        let next = |mut pages: Pages| async move { Some((pages.next().await?, pages)) };
        Self {
            reader,
            key,
            after,
            asking: Asking::default(),
            events: unfold(pages, next).fuse().boxed(),
        }
    }
}

impl Pages {
    async fn next(&mut self) -> Option<Result<Event, Error>> {
        loop {
            if let Some(entry) = self.read.next() {
                return Some(Ok(entry.into()));
            }
            if self.is_over {
                return None;
            }
            if let Err(error) = self.turn().await {
                self.is_over = true;
                return Some(Err(error));
            }
        }
    }

    /// Takes the next page, and has the one behind it sent for.
    async fn turn(&mut self) -> Result<(), Error> {
        let asked = self.size;
        let again = |broken| page(&self.reader, broken, &self.key, self.after, asked);
        let page = match self.ahead.take() {
            Some(Ahead { connection, page }) => match page.await {
                Err(fault) if fault.class.is_of_the_way() => again(Some((connection, fault))).await,
                page => page.map_err(|fault| self.reader.refused(fault)),
            },
            None => again(None).await,
        }?;
        self.is_over = page.len() < asked || page.last().is_none_or(|last| last.id == EventId::MAX);
        if let Some(last) = page.last().filter(|_| !self.is_over) {
            self.after = last.id;
            self.size = fitting(&page);
            let (from, size) = (self.after.next(), self.size);
            let shared = self.reader.shared().clone();
            self.ahead = shared.map(|connection| Ahead {
                page: connection.range(&self.key, from, EventId::MAX, size),
                connection,
            });
        }
        self.read = page.into_iter();
        Ok(())
    }
}

/// Up to so many after this one, and not by this connection, where it was of no use for that reason.
async fn page(
    reader: &Reader,
    broken: Option<(Arc<dyn Connection>, Fault)>,
    key: &str,
    after: EventId,
    size: usize,
) -> Result<Vec<Entry>, Error> {
    if after == EventId::MAX {
        return Ok(Vec::new());
    }
    let ask = |connection: &dyn Connection| connection.range(key, after.next(), EventId::MAX, size);
    match broken {
        Some((connection, fault)) => reader.ask_beside(&connection, &fault, ask).await,
        None => reader.ask(ask).await,
    }
}

impl Stream for History {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { asking, events, .. } = &mut *self;
        asking.poll(events, context)
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "History({} after {})", self.key, self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Values;
    use crate::store::{Append, NewEntry, Purpose, StoreUrl};

    /// Small and giant ones in turn, over many pages of all sizes.
    #[tokio::test]
    async fn every_event_is_given_once_in_its_order_whatever_their_sizes() {
        let store = StoreUrl::new("memory:history").open().unwrap();
        let connection = store.connect(Purpose::Prompt).await.unwrap();
        let ids: Vec<_> = (1..4000).map(|n| EventId::new(n / 3 + 1, n)).collect();
        let sizes = [1, 2, 300, 9, 40_000, 7, 1].iter().cycle();
        let entry = |(n, id): (usize, &EventId)| {
            let data = vec![b'x'; *sizes.clone().nth(n / 150).unwrap_or(&1)];
            let (id, values) = (Some(*id), Values::new(data, b"", "t"));
            NewEntry { id, values }
        };
        let append = Append {
            key: "job_events:j".into(),
            entries: ids.iter().enumerate().map(entry).collect(),
            max_len: 10_000,
            expire: None,
        };
        let appended = connection.append(vec![Arc::new(append)]).await.unwrap();
        assert!(appended.iter().flatten().all(Result::is_ok));
        let reader = Reader::new(store, "job_events");
        for begin in [0, 1, 99, 100, 101, 3997, 3998] {
            let history = reader.history("j").unwrap().after(ids[begin]);
            let read: Vec<_> = history.map(|event| event.unwrap().id()).collect().await;
            assert!(read == ids[begin + 1..], "{begin}: {}", read.len());
        }
    }
}
