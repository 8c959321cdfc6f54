//! Events of many jobs, searched.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::stream::{BoxStream, Stream, StreamExt, TryStreamExt, empty, iter, try_unfold};

use super::jobs::MAX_PAGE;
use super::{History, Jobs, Reader};
use crate::{Error, ErrorKind, Event, JobId, Query};

/// What [`Reader::events`] gives: a `futures::Stream` of the events that a query asks for, each with its
/// job: jobs in the order of [`Reader::jobs`], and of each job its events, oldest first.
///
/// - It is as of when each stream is read, and ends with the last job; live are [`watch_many`] and [`Feed`].
/// - All that the streams hold is read, in constant memory: narrow the time, or the job, where there is much.
/// - A job that cannot be read, or whose stream is gone meanwhile, is left out. Any other error is the last
///   item.
///
/// [`watch_many`]: Reader::watch_many
/// [`Feed`]: crate::Feed
#[must_use = "it reads nothing until it is polled"]
pub struct Events {
    query: Query,
    events: BoxStream<'static, Result<(JobId, Event), Error>>,
}

impl Reader {
    /// The events of all running and recent jobs that the query asks for.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), stream_events::Error> {
    /// let publisher = stream_events::Publisher::connect("memory:")?;
    /// publisher.job("job_001", "outline_generation")?.failed("timed out");
    /// publisher.flush(std::time::Duration::from_secs(5)).await;
    /// let query = r#"type:task_failed error:"timed out" after:-1h"#;
    /// let mut events = publisher.reader().events(query.parse()?);
    /// while let Some(event) = events.next().await {
    ///     let (job_id, event) = event?;
    ///     println!("{job_id}: {event}");
    /// #   assert_eq!(job_id.as_str(), "job_001");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn events(&self, query: Query) -> Events {
        let reader = self.clone();
        let chosen = query.clone();
        let of_job = move |job: JobId| of_job(&reader, job, query.clone());
        Events {
            query: chosen,
            events: jobs(self.jobs(Query::default()).limit(MAX_PAGE))
                .map_ok(of_job)
                .try_flatten()
                .boxed(),
        }
    }
}

impl Events {
    /// The next event and its job; none after the last.
    pub async fn next(&mut self) -> Option<Result<(JobId, Event), Error>> {
        StreamExt::next(self).await
    }
}

/// All that the index has, a page at a time.
fn jobs(first: Jobs) -> impl Stream<Item = Result<JobId, Error>> + Send {
    let pages = try_unfold(Some(first), async |jobs| match jobs {
        Some(jobs) => page(jobs).await.map(Some),
        None => Ok(None),
    });
    pages.map_ok(|found| iter(found).map(Ok)).try_flatten()
}

/// A page of them, and what gives the next.
async fn page(jobs: Jobs) -> Result<(Vec<JobId>, Option<Jobs>), Error> {
    let page = jobs.page().await?;
    let found = page.jobs.into_iter();
    let found = found.filter_map(|job| job.job_id.try_into().ok()).collect();
    let next = page.next.map(|cursor| jobs.after(&cursor));
    Ok((found, next.transpose()?))
}

fn of_job(
    reader: &Reader,
    job: JobId,
    query: Query,
) -> impl Stream<Item = Result<(JobId, Event), Error>> + Send + use<> {
    let history = History::new(reader.clone(), job.key(&reader.prefix)).matching(query);
    history.filter_map(move |event| {
        let event = match event {
            // Its stream is none, or none of ours to read, by now.
            Err(error) if error.kind() == ErrorKind::Rejected => None,
            event => Some(event.map(|event| (job.clone(), event))),
        };
        std::future::ready(event)
    })
}

impl Stream for Events {
    type Item = Result<(JobId, Event), Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(self.events.poll_next_unpin(context));
        if let Some(Err(_)) = next {
            self.events = empty().boxed();
        }
        Poll::Ready(next)
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Events({:?})", self.query)
    }
}
