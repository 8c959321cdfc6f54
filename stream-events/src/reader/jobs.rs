//! Jobs found by the index, page by page.

mod cursor;
mod descent;
mod feeds;
mod found;
mod rest;
#[cfg(all(test, not(shuttle)))]
mod tests;
mod walk;

use serde::ser::{Serialize, SerializeMap, Serializer};

use cursor::Cursor;
use walk::Walk;

use super::Reader;
use crate::{Error, JobId, JobState, Query};

/// How many jobs a page has at most, unless it is told otherwise.
pub const DEFAULT_PAGE: usize = 50;
/// The most that it may be told.
pub const MAX_PAGE: usize = 1000;

/// What [`Reader::jobs`](crate::Reader::jobs) gives: the running and the recent jobs of a prefix that a
/// query asks for, the one that was started last first.
///
/// - What is found is what the index has: the jobs of which an event is in `job_index:feed` (see
///   [`Feed`](crate::Feed)), and those whose runs hold a lease. No keys are looked through. Jobs whose start
///   the feed has not (any more) come last, in the order of their ids.
/// - Over all pages that follow from a first one, each job that was there then comes once, also where jobs
///   start, end and are tried again meanwhile; one that starts meanwhile is for the next first page. How a
///   job stands is as of when its page is read. Not found again are jobs whose stream is gone or cannot be
///   read, those that only the feed knew where it is trimmed before the walk comes there, and those without a
///   start in it that are tried again meanwhile. Of leases, the 20,000 that were renewed last are looked at.
/// - In a cluster the index is in 16 pieces, and the order of jobs of different ones is that of their servers'
///   clocks. While a server is away that has one of them, there is no page.
/// - A page is read from the start of the feed to where it is: the deeper, the longer that takes, by about
///   400 bytes an event.
#[derive(Debug, Clone)]
#[must_use = "it reads nothing until a page is asked for"]
pub struct Jobs {
    reader: Reader,
    query: Query,
    limit: usize,
    cursor: Option<Cursor>,
}

/// A page of [`Jobs`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct JobPage {
    /// How they stand.
    pub jobs: Vec<JobState>,
    /// For [`Jobs::after`]; none where there is no more. A page may have fewer jobs than it may, or none,
    /// and another behind it: for one page a thousand jobs are looked at, at most, and where their results and
    /// children come to more than 1 MiB, that is all.
    pub next: Option<String>,
}

impl Reader {
    /// The running and the recent jobs that a query asks for, newest start first.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), stream_events::Error> {
    /// let publisher = stream_events::Publisher::connect("memory:")?;
    /// publisher.job("job_001", "outline_generation")?.failed("no more paper");
    /// publisher.flush(std::time::Duration::from_secs(5)).await;
    /// let failed = publisher.reader().jobs("status:failed task:outline*".parse()?);
    /// let page = failed.limit(20).page().await?;
    /// assert_eq!(page.jobs[0].job_id, "job_001");
    /// assert_eq!(page.next, None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn jobs(&self, query: Query) -> Jobs {
        Jobs {
            reader: self.clone(),
            query,
            limit: DEFAULT_PAGE,
            cursor: None,
        }
    }
}

impl Jobs {
    /// How many jobs a page has at most, by default [`DEFAULT_PAGE`]; from 1 to [`MAX_PAGE`].
    pub fn limit(self, jobs: usize) -> Self {
        let limit = jobs.clamp(1, MAX_PAGE);
        Self { limit, ..self }
    }

    /// Goes on where a page left off, by its [`next`](JobPage::next), of the same query.
    ///
    /// # Errors
    ///
    /// [`InvalidCursor`](crate::ErrorKind::InvalidCursor).
    pub fn after(self, cursor: &str) -> Result<Self, Error> {
        let cursor = Some(Cursor::read(cursor, self.reader.store.shards())?);
        Ok(Self { cursor, ..self })
    }

    /// The page.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](crate::ErrorKind::Unavailable), or [`Rejected`](crate::ErrorKind::Rejected) for lack
    /// of rights: to `XREVRANGE` and `XRANGE` on `job_index:feed`, to `ZREVRANGE` on `job_index:active`, or
    /// to the streams of all the jobs that were looked at.
    pub async fn page(&self) -> Result<JobPage, Error> {
        self.page_of(Sight::ALL).await
    }

    /// The page of those jobs alone that may be seen. Where some may not, it says nothing of them: it is full
    /// if there are as many others, and another one follows if another of them does. To know that, it
    /// may look at all jobs there are.
    pub(crate) async fn page_of(&self, sight: Sight<'_>) -> Result<JobPage, Error> {
        let is_asked_for = |job: &JobState| (sight.jobs)(job) && self.query.matches_job(job);
        let mut walk = Walk::new(&self.reader, &is_asked_for, sight, self.limit);
        let next = walk.page(self.cursor.clone()).await?;
        Ok(JobPage {
            jobs: walk.into_jobs(self.cursor.is_none())?,
            next: next.map(|next| next.to_string()),
        })
    }
}

impl Serialize for JobPage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { jobs, next } = self;
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("jobs", jobs)?;
        map.serialize_entry("next", next)?;
        map.end()
    }
}

/// Which jobs may be seen.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'a> {
    /// Asked before anything of a job is read.
    pub(crate) ids: &'a (dyn Fn(&JobId) -> bool + Send + Sync),
    pub(crate) jobs: Asked<'a>,
    /// Whether there may be some that these do not hold of.
    pub(crate) hides: bool,
}

impl Sight<'_> {
    const ALL: Self = Self {
        ids: &|_| true,
        jobs: &|_| true,
        hides: false,
    };
}

/// What is asked of each job.
pub(crate) type Asked<'a> = &'a (dyn Fn(&JobState) -> bool + Send + Sync);
