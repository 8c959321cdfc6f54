//! What a watch makes of what it reads: what comes next, what is missing, and when it is over.

mod anew;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, OptionFuture, join};

use super::absence::{Absence, Fate};
use super::open::OpenRuns;
use super::place::Place;
use super::sequence::Next;
use super::source::{Line, Source};
use super::{Item, Sequence, WAIT};
use crate::event::Entry;
use crate::job::JobId;
use crate::lost::{Losses, Terms};
use crate::past;
use crate::reader::page::{FIRST_PAGE, fitting};
use crate::store::{BoxFuture, Fault};
use crate::tail::Follow;
use crate::{Error, Event, EventId};

/// How far it is. A read always begins after a concrete id: after `$`, what comes between two reads would be
/// lost.
pub(super) struct Course {
    source: Source,
    key: String,
    after: EventId,
    /// None until it is known where it begins.
    sequence: Option<Sequence>,
    /// The oldest event of which it is known that it was seen.
    oldest: EventId,
    open: OpenRuns,
    absence: Absence,
    /// How long a stream that was there has to be away.
    grace: Duration,
    /// How long a read waits for the first event.
    wait: Duration,
    /// How many are read at a time.
    page: usize,
    ready: VecDeque<Item>,
    /// Whether the newest event that says how the job stands was terminal.
    has_ended: bool,
    is_over: bool,
}

/// Between two looks at a lease, where the grace time is shorter than the wait.
const SHORTEST_WAIT: Duration = Duration::from_millis(25);

impl Follow for Course {
    type Item = Item;
    type Line = Line;

    fn open(&self) -> BoxFuture<'_, Result<Line, Fault>> {
        Box::pin(self.source.open())
    }

    /// What is done seldom is boxed: thousands of watches wait, and each has room for what it awaits.
    async fn turn(&mut self, line: &Line) -> Result<(), Fault> {
        if self.sequence.is_none() {
            Box::pin(self.begin(line)).await?;
        }
        let wait = match self.has_ended {
            true => Duration::ZERO,
            false => self.wait,
        };
        let mut entries = line.read(&self.key, self.after, self.page, wait).await?;
        if entries.is_empty() && !self.has_ended {
            entries = Box::pin(self.nothing_came(line)).await?;
        }
        match entries.last() {
            None => self.is_over |= self.has_ended,
            Some(last) => {
                let (last, page) = (last.id, fitting(&entries));
                if self.sequence.is_none() {
                    Box::pin(self.begin(line)).await?;
                }
                Box::pin(self.take(line, entries)).await?;
                (self.after, self.page) = (last, page);
                self.absence.is_over(self.grace);
            }
        }
        Ok(())
    }

    fn ready(&mut self) -> &mut VecDeque<Item> {
        &mut self.ready
    }

    fn line_lost(&mut self) {
        self.open.connection_lost();
        self.absence.connection_lost();
    }

    fn has_ended(&self) -> bool {
        self.has_ended
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn refused(&self, fault: Fault) -> Error {
        fault.into_error(self.source.store(), "the read")
    }
}

impl Course {
    pub(super) fn new(
        source: Source,
        job: &JobId,
        prefix: &Arc<str>,
        terms: Terms,
        after: EventId,
    ) -> Self {
        let losses = Losses::new(Arc::clone(prefix), source.store().shards(), terms);
        let wait = terms.grace.clamp(SHORTEST_WAIT, WAIT);
        Self {
            source,
            key: job.key(prefix),
            after,
            sequence: None,
            oldest: EventId::ZERO,
            open: OpenRuns::new(job.clone(), losses),
            absence: Absence::new(wait),
            grace: terms.grace,
            wait,
            page: FIRST_PAGE,
            ready: VecDeque::new(),
            has_ended: false,
            is_over: false,
        }
    }

    async fn begin(&mut self, line: &Line) -> Result<(), Fault> {
        let place = Place::find(&**line, &self.key, self.after).await?;
        self.has_ended = place.is_end;
        self.oldest = place.oldest();
        place.known().for_each(|event| self.open.note(event));
        match place.sequence(self.after) {
            // It may come back as it was.
            None if place.is_anew => self.absence.begin(self.grace),
            None => self.absence.begin(self.wait),
            sequence => {
                self.absence.is_over(self.grace);
                self.sequence = sequence;
            }
        }
        Ok(())
    }

    /// A run may have lost its process, and a stream that has been there may be gone. What comes while that is
    /// asked is given back.
    async fn nothing_came(&mut self, line: &Line) -> Result<Vec<Entry>, Fault> {
        let expired = OptionFuture::from(self.open.asked(line));
        let last_id = OptionFuture::from(self.absence.asked(line, &self.key, self.after));
        let asked = join(expired, last_id);
        let asked = line.unless_read(&self.key, self.after, self.page, asked);
        let (expired, last_id) = match asked.await? {
            Either::Left(entries) => return Ok(entries),
            Either::Right(answers) => answers,
        };
        if let Some(expired) = expired {
            self.open.judge(line, expired).await?;
        }
        let fate = match last_id {
            Some(last_id) => self.absence.judge(last_id, self.after)?,
            None => None,
        };
        match fate {
            None => {}
            Some(Fate::Gone) => self.end_gone(),
            Some(Fate::Anew) => self.begin_anew(line).await?,
        }
        Ok(Vec::new())
    }

    async fn take(&mut self, line: &Line, entries: Vec<Entry>) -> Result<(), Fault> {
        // It has gone again since.
        let sequence = self.sequence.get_or_insert_with(Sequence::after_gone);
        let events: Vec<_> = entries.into_iter().map(Event::from).collect();
        if self.oldest == EventId::ZERO {
            self.oldest = events.first().map_or(EventId::ZERO, Event::id);
        }
        for run in sequence.unknown(&events) {
            let (mut known, mut further) = (false, FIRST_PAGE);
            let note = |event: Event| {
                if event.run() == Some(&run) && event.seq().is_some() {
                    sequence.note(&event);
                    known = true;
                }
                // What stands there twice may hide that its run was further just before.
                further -= usize::from(known);
                (further == 0).then_some(())
            };
            let unseen = self.oldest.previous();
            past::search(&**line, &self.key, EventId::ZERO, unseen, note).await?;
        }
        sequence.turn();
        let mut is_unsure = false;
        let mut page = Vec::with_capacity(events.len());
        for event in events {
            if event.says_how_the_job_stands() {
                self.has_ended = event.is_terminal();
            }
            let next = sequence.next(event);
            // Of a run that has ended, what comes again says nothing.
            next.event().into_iter().for_each(|it| self.open.note(it));
            is_unsure |= next.is_unsure;
            page.push(next);
        }
        let is_trimmed = is_unsure && self.is_trimmed(line).await;
        let settled = |next: Next| match is_trimmed && next.is_unsure {
            true => next.trimmed(),
            false => next,
        };
        self.ready.extend(page.into_iter().flat_map(settled));
        Ok(())
    }

    /// Whether the stream's front has passed the place up to which it has been read. Where the store does not
    /// tell, it may have.
    async fn is_trimmed(&self, line: &Line) -> bool {
        let front = line.range(&self.key, EventId::ZERO, EventId::MAX, 1).await;
        let first = front.map(|front| front.first().map(|entry| entry.id));
        first.map_or(true, |first| first.is_none_or(|first| first > self.after))
    }
}
