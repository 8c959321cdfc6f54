//! A job's events again, as they came.

mod copy;
mod pace;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::stream::{Stream, StreamExt};
use tokio::time::Sleep;

pub use copy::Copied;
pub use pace::DEFAULT_SPEED;
use pace::Pace;

#[cfg(feature = "axum")]
use crate::Query;
use crate::job::JobId;
use crate::query::Asking;
use crate::reader::History;
use crate::watch::Sequence;
use crate::{Error, EventId, Item, Publisher, Reader};

/// What [`Reader::replay`] gives: a `futures::Stream` of what a [`Watch`](crate::Watch) yields of a job that
/// has ended, each event as long after the one before it as when they were written.
///
/// - It ends behind the newest event, be it the job's end or not; where there is no stream, at once.
/// - The pauses are those between the [ids](crate::Event::id) of events, by the millisecond, which never go
///   back; one of more than a day is a day. Who takes an item late gets the next ones on time, or at once.
/// - It reads page by page. What is trimmed from the stream before its turn comes is a [`Gap`](crate::Gap);
///   where all of the stream goes meanwhile, the replay ends.
/// - An error is the last item.
///
/// ```
/// use stream_events::Publisher;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), stream_events::Error> {
/// let publisher = Publisher::connect("memory:")?;
/// # publisher.job("job_001", "import")?.completed(&());
/// # publisher.flush(std::time::Duration::from_secs(5)).await;
/// let mut replay = publisher.reader().replay("job_001")?.speed(10.0);
/// while let Some(item) = replay.next().await {
///     println!("{}", item?);
/// }
///
/// let replay = publisher.reader().replay("job_001")?.speed(f64::INFINITY);
/// let copied = replay.to(&publisher, "job_001_again").await?;
/// assert_eq!((copied.events, copied.missing), (2, 0));
/// # Ok(())
/// # }
/// ```
#[must_use = "it reads nothing until it is polled"]
pub struct Replay {
    reader: Reader,
    job: JobId,
    history: History,
    sequence: Sequence,
    /// What has been seen already, up to this event.
    after: EventId,
    asking: Asking,
    pace: Pace,
    /// Until what is ready has its turn.
    pause: Option<Pin<Box<Sleep>>>,
    ready: VecDeque<Item>,
}

impl Reader {
    /// A job's events again, with the pauses that were between them.
    ///
    /// # Errors
    ///
    /// [`InvalidJobId`](crate::ErrorKind::InvalidJobId).
    pub fn replay(&self, job_id: impl TryInto<JobId, Error: Into<Error>>) -> Result<Replay, Error> {
        let job = job_id.try_into().map_err(Into::into)?;
        Ok(Replay {
            history: self.history(&job)?,
            reader: self.clone(),
            job,
            sequence: Sequence::start(),
            after: EventId::ZERO,
            asking: Asking::default(),
            pace: Pace::new(DEFAULT_SPEED),
            pause: None,
            ready: VecDeque::new(),
        })
    }
}

impl Replay {
    /// How many times as fast as it was, by default [`DEFAULT_SPEED`]: with 10, a pause of a minute is one of
    /// 6 s; with `f64::INFINITY` there is none. What is no number above 0 is the default.
    pub fn speed(self, factor: f64) -> Self {
        let pace = Pace::new(factor);
        Self { pace, ..self }
    }

    /// Taken up again behind this event, and of what is there the events alone that the query asks for, with all
    /// gaps. The first of them comes at once: who takes it up again and again gets on.
    #[cfg(feature = "axum")]
    pub(crate) fn from(self, after: EventId, query: Query) -> Self {
        let asking = Asking::new(query);
        Self {
            after,
            asking,
            ..self
        }
    }

    /// The next event or gap; none after the last. An error is the last item.
    pub async fn next(&mut self) -> Option<Result<Item, Error>> {
        StreamExt::next(self).await
    }

    /// Writes the events to the stream of another job, at the replay's speed, each once the one before it is
    /// acknowledged; says how many.
    ///
    /// - Each run of the job becomes a run of the other one, with an id, seqs and times of its own. It begins with
    ///   `task_started`, which says in `replay_of` whose replay it is, and ends as the run ended, with its
    ///   `duration_ms`. Its attempts are the same; it has no parent.
    /// - What the stream has lost is not in it, and [counted](Copied::missing).
    /// - What belongs to no run, such as what was published to a job that has ended, belongs to none there either.
    /// - A run that had not ended ends as `cancelled`. So do those that are at work where this fails, or its
    ///   future is dropped.
    /// - What the publisher [takes out](crate::Scrub) of all texts is taken out of these, too.
    /// - An entry whose `data` is no JSON object becomes an event with that text in a field `data`.
    ///
    /// # Errors
    ///
    /// [`InvalidJobId`](crate::ErrorKind::InvalidJobId), also where it is the very job that is replayed; those of
    /// a [`History`]; and those of the publisher's methods [that await](Publisher#the-methods-that-await).
    pub async fn to(
        self,
        publisher: &Publisher,
        job_id: impl TryInto<JobId, Error: Into<Error>>,
    ) -> Result<Copied, Error> {
        let job = job_id.try_into().map_err(Into::into)?;
        copy::all(self, publisher, job).await
    }
}

impl Stream for Replay {
    type Item = Result<Item, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self {
            history,
            sequence,
            after,
            asking,
            pace,
            pause,
            ready,
            ..
        } = &mut *self;
        loop {
            if let Some(sleep) = pause {
                ready!(sleep.as_mut().poll(context));
                *pause = None;
            }
            if let Some(item) = ready.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            ready!(asking.poll_turn(context));
            match ready!(history.poll_next_unpin(context)) {
                Some(Ok(event)) if event.id() <= *after => {
                    asking.pass();
                    drop(sequence.next(event));
                }
                Some(Ok(event)) => {
                    let is_asked_for = asking.is_for(&event);
                    if is_asked_for {
                        *pause = pace.pause_before(event.id());
                    }
                    let items = sequence.next(event).into_iter();
                    ready.extend(items.filter(|item| is_asked_for || matches!(item, Item::Gap(_))));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Replay({})", self.job)
    }
}
