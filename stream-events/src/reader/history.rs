//! The events that a stream holds now, page by page.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{BoxStream, Stream, StreamExt, unfold};

use super::Reader;
use crate::event::Entry;
use crate::{Error, Event, EventId};

/// How many events are read at a time.
const PAGE: usize = 100;

/// What [`Reader::history`] gives: a `futures::Stream` of events, oldest first, up to the newest at
/// that time.
#[must_use = "it reads nothing until it is polled"]
pub struct History {
    pages: Pages,
    events: BoxStream<'static, Result<Event, Error>>,
}

/// What is read and not yet given, and where to read on.
#[derive(Clone)]
struct Pages {
    reader: Reader,
    key: String,
    after: EventId,
    read: VecDeque<Entry>,
    is_over: bool,
}

impl History {
    pub(super) fn new(reader: Reader, key: String) -> Self {
        Self::of(Pages {
            reader,
            key,
            after: EventId::ZERO,
            read: VecDeque::new(),
            is_over: false,
        })
    }

    /// Begins after this event.
    pub fn after(self, id: EventId) -> Self {
        Self::of(Pages {
            after: id,
            ..self.pages
        })
    }

    /// The next event; none after the last. An error is the last item.
    pub async fn next(&mut self) -> Option<Result<Event, Error>> {
        self.events.next().await
    }

    fn of(pages: Pages) -> Self {
        let next = |mut pages: Pages| async move { Some((pages.next().await?, pages)) };
        Self {
            events: unfold(pages.clone(), next).fuse().boxed(),
            pages,
        }
    }
}

impl Pages {
    async fn next(&mut self) -> Option<Result<Event, Error>> {
        if self.read.is_empty() && !self.is_over {
            match self.page().await {
                Ok(page) => self.read = page.into(),
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(error));
                }
            }
            self.is_over = self.read.len() < PAGE;
        }
        let entry = self.read.pop_front()?;
        self.after = entry.id;
        Some(Ok(entry.into()))
    }

    async fn page(&self) -> Result<Vec<Entry>, Error> {
        if self.after == EventId::MAX {
            return Ok(Vec::new());
        }
        let from = self.after.next();
        self.reader
            .ask(|connection| connection.range(&self.key, from, EventId::MAX, PAGE))
            .await
    }
}

impl Stream for History {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.events.poll_next_unpin(context)
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "History({} after {})", self.pages.key, self.pages.after)
    }
}
