//! One page: how the jobs stand that were started last.

use futures_util::{StreamExt, stream};

use super::cursor::Cursor;
use super::descent::Descent;
use super::feeds::Feeds;
use super::found::{Seen, Start, micros, size};
use super::{Asked, Sight};
use crate::reader::Reader;
use crate::{Error, ErrorKind, JobId, JobState};

/// Of how many jobs it is read how they stand, at a time and for a page.
const AT_ONCE: usize = 16;
const MOST: usize = 1000;
/// Bytes of a page's jobs: fewer are on it where they are large.
const PAGE_BYTES: usize = 1024 * 1024;

/// Reads one page.
pub(super) struct Walk<'a> {
    pub(super) reader: &'a Reader,
    is_asked_for: Asked<'a>,
    sight: Sight<'a>,
    limit: usize,
    jobs: Vec<JobState>,
    bytes: usize,
    /// Where the page is full, and whether a job follows that is for the next one.
    end: Option<Cursor>,
    is_followed: bool,
    /// How many jobs were looked at, and how many of them could be.
    looked_at: usize,
    readable: usize,
    /// Why one could not be.
    refused: Option<Error>,
    pub(super) seen: Seen,
    /// Jobs of each shard that were started since then, in microseconds since 1970, were on pages before.
    pub(super) since: Vec<u64>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        reader: &'a Reader,
        is_asked_for: Asked<'a>,
        sight: Sight<'a>,
        limit: usize,
    ) -> Self {
        Self {
            reader,
            is_asked_for,
            sight,
            limit,
            jobs: Vec::new(),
            bytes: 0,
            end: None,
            is_followed: false,
            looked_at: 0,
            readable: 0,
            refused: None,
            seen: Seen::default(),
            since: vec![u64::MAX; reader.store.shards().count()],
        }
    }

    /// What was found. One that cannot be read is no reason to leave out the others; but where there are
    /// no others, its reader should know why.
    pub(super) fn into_jobs(self, is_first: bool) -> Result<Vec<JobState>, Error> {
        match self.refused.filter(|_| is_first && self.readable == 0) {
            Some(refused) => Err(refused),
            None => Ok(self.jobs),
        }
    }

    /// Looks until the page is full; where the next one begins, if there is more.
    pub(super) async fn page(&mut self, cursor: Option<Cursor>) -> Result<Option<Cursor>, Error> {
        let left_off = self.walk(cursor).await?;
        Ok(match self.sight.hides {
            true => self.end.take().filter(|_| self.is_followed),
            false => left_off,
        })
    }

    /// Where it stopped, if not at the end.
    async fn walk(&mut self, cursor: Option<Cursor>) -> Result<Option<Cursor>, Error> {
        let mut cursor = match cursor {
            Some(cursor) => {
                self.look_back(&cursor).await?;
                cursor
            }
            None => self.feeds().top().await?,
        };
        if cursor.job.is_none() && self.descend(&mut cursor).await? {
            return Ok(Some(cursor));
        }
        self.rest(cursor).await
    }

    /// Takes note of what the pages before have looked at.
    async fn look_back(&mut self, cursor: &Cursor) -> Result<(), Error> {
        let bounds = cursor.places.iter().map(|place| (place.below, place.top));
        self.feeds().note(&mut self.seen, bounds).await
    }

    /// From start to start; whether that is all for this page.
    async fn descend(&mut self, cursor: &mut Cursor) -> Result<bool, Error> {
        let mut descent = Descent::new(self.feeds(), cursor);
        while let Some(mut starts) = descent.next(&mut self.seen).await? {
            starts.retain(|start| self.may_be_seen(&start.job));
            if self.look_at_starts(starts, cursor).await? {
                return Ok(true);
            }
            descent.settle(cursor);
        }
        Ok(false)
    }

    pub(super) fn feeds(&self) -> Feeds<'a> {
        Feeds(self.reader)
    }

    /// Notes how far that comes; whether that is all for this page.
    async fn look_at_starts(
        &mut self,
        starts: Vec<Start>,
        cursor: &mut Cursor,
    ) -> Result<bool, Error> {
        let mut starts = starts.into_iter().peekable();
        while starts.peek().is_some() {
            let next = starts.by_ref().take(self.next());
            let note = |start: Start| {
                let place = &mut cursor.places[start.shard.number()];
                (place.below, place.since) = (start.at, start.since);
                start.job
            };
            let jobs = next.map(note).collect();
            self.look_at(jobs).await?;
            if self.is_over(cursor) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// By what its name alone says.
    pub(super) fn may_be_seen(&self, job: &JobId) -> bool {
        (self.sight.ids)(job)
    }

    /// How many are looked at next: no more than there is room for, so that a full page ends with them.
    pub(super) fn next(&self) -> usize {
        match self.limit - self.jobs.len() {
            0 => AT_ONCE,
            room => AT_ONCE.min(room),
        }
    }

    /// Whether that is all for this page, when all up to here were looked at. Where jobs are hidden, it is not
    /// before it is full and it is known that another follows: it would say something of those otherwise.
    pub(super) fn is_over(&mut self, at: &Cursor) -> bool {
        let is_full = self.jobs.len() >= self.limit || self.bytes >= PAGE_BYTES;
        if !self.sight.hides {
            return is_full || self.looked_at >= MOST;
        }
        if is_full && self.end.is_none() {
            self.end = Some(at.clone());
        }
        self.is_followed
    }

    /// Looks how these stand.
    pub(super) async fn look_at(&mut self, jobs: Vec<JobId>) -> Result<(), Error> {
        self.looked_at += jobs.len();
        let states = jobs.into_iter().map(|job| folded(self.reader, job));
        let states: Vec<_> = stream::iter(states).buffered(AT_ONCE).collect().await;
        let mut found = Vec::new();
        for state in states {
            // A store in memory answers at once, there may be many of them, and each may be large.
            tokio::task::yield_now().await;
            let state = self.readable(state)?;
            found.extend(state.filter(|(job, state)| self.is_found(job, state)));
        }
        if self.end.is_some() {
            self.is_followed |= !found.is_empty();
            return Ok(());
        }
        self.put(found).await
    }

    /// None of one that is gone, or cannot be read.
    fn readable(&mut self, state: Result<Option<One>, Error>) -> Result<Option<One>, Error> {
        match state {
            Err(error) if error.kind() == ErrorKind::Rejected => {
                self.refused = Some(error);
                Ok(None)
            }
            state => {
                let state = state?;
                self.readable += 1;
                Ok(state)
            }
        }
    }

    fn is_found(&self, job: &JobId, state: &JobState) -> bool {
        let since = self.since[self.reader.store.shards().of(job).number()];
        let started = state.started.map(micros);
        let is_new = started.is_none_or(|started| started < since);
        is_new && (self.is_asked_for)(state)
    }

    /// On the page, with the children of each: those of others are not asked for.
    async fn put(&mut self, found: Vec<One>) -> Result<(), Error> {
        let states = found.into_iter().map(|one| whole(self.reader, one));
        let states: Vec<_> = stream::iter(states).buffered(AT_ONCE).collect().await;
        for state in states {
            let state = state?;
            self.bytes += size(&state);
            self.jobs.push(state);
        }
        Ok(())
    }
}

/// A job, and how it stands.
type One = (JobId, JobState);

async fn folded(reader: &Reader, job: JobId) -> Result<Option<One>, Error> {
    let state = reader.folded(&job).await?;
    Ok(state.map(|state| (job, state)))
}

async fn whole(reader: &Reader, (job, mut state): One) -> Result<JobState, Error> {
    state.children = reader.children(&job).await?;
    Ok(state)
}
