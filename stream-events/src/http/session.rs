//! One client's stream: what its jobs say, for as long as it may see them.

use std::sync::Arc;
use std::time::Duration;

use axum::http::request::Parts;
use futures_util::FutureExt;
use futures_util::stream::{BoxStream, SelectAll, StreamExt, once};
use tokio::sync::watch;
use tokio::time::Instant;

use super::frame::{Bye, Frame};
use super::shared::Shared;
use super::sink::{Gone, Sink};
use super::source::Items;
use super::{Cursor, Grant, Limits, Problem};
use crate::{Error, Item, JobId, Missing};

/// What is pushed to one client.
pub(super) struct Session {
    shared: Arc<Shared>,
    request: Parts,
    jobs: Vec<JobId>,
    grants: Vec<Grant>,
    cursor: Cursor,
    items: SelectAll<BoxStream<'static, Next>>,
    closing: watch::Receiver<bool>,
    due: Due,
}

/// Of the job at this place: its next item, or none where it has ended.
type Next = (usize, Option<Result<Item, Error>>);

/// When what has to be done.
struct Due {
    ask: Instant,
    bye: Instant,
    alive: Instant,
}

#[expect(
    clippy::large_enum_variant,
    reason = "it lives from one step to the next"
)]
enum Woken {
    Next(Option<Next>),
    Time,
    Closing,
}

/// Whether the stream goes on.
#[derive(PartialEq, Eq)]
enum On {
    Yes,
    /// Its last frame is said.
    No,
}

impl Session {
    pub(super) fn new(
        shared: &Arc<Shared>,
        request: Parts,
        jobs: Vec<JobId>,
        grants: Vec<Grant>,
        cursor: Cursor,
        of_jobs: Vec<Items>,
    ) -> Self {
        let mut all = SelectAll::new();
        for (at, items) in of_jobs.into_iter().enumerate() {
            let items = items.map(Some).chain(once(std::future::ready(None)));
            all.push(items.map(move |item| (at, item)).boxed());
        }
        let limits = &shared.limits;
        let now = Instant::now();
        let due = Due {
            ask: now + validity(&grants, limits.ask_again),
            bye: now + with_jitter(limits.lifetime.min(LONGEST)),
            alive: now + pause(limits),
        };
        Self {
            shared: Arc::clone(shared),
            request,
            jobs,
            grants,
            cursor,
            items: all,
            closing: shared.closing.subscribe(),
            due,
        }
    }

    /// Pushes until all is said, or the client is gone.
    #[expect(
        clippy::manual_async_fn,
        reason = "one keeps room for what it is called with twice, for each client"
    )]
    pub(super) fn run(mut self, mut sink: impl Sink) -> impl Future<Output = ()> + Send {
        async move {
            if self.push(&mut sink).await.is_ok() {
                drop(self);
                sink.close().await;
            }
        }
    }

    async fn push(&mut self, sink: &mut impl Sink) -> Result<(), Gone> {
        sink.flush().await?;
        let mut on = On::Yes;
        while on == On::Yes {
            let woken = self.wait(sink).await?;
            // Before anything more is pushed.
            on = self.on_time(sink).await?;
            if on == On::Yes {
                on = match woken {
                    Woken::Next(Some(next)) => self.on_next(next, sink).await?,
                    Woken::Next(None) => On::No,
                    Woken::Closing => last(Frame::Bye(Bye::Shutdown), sink).await?,
                    Woken::Time => On::Yes,
                };
            }
        }
        Ok(())
    }

    async fn wait(&mut self, sink: &mut impl Sink) -> Result<Woken, Gone> {
        let time = self.due.ask.min(self.due.bye).min(self.due.alive);
        tokio::select! {
            next = self.items.next() => Ok(Woken::Next(next)),
            () = tokio::time::sleep_until(time) => Ok(Woken::Time),
            _ = self.closing.wait_for(|is_closing| *is_closing) => Ok(Woken::Closing),
            () = sink.gone() => Err(Gone),
        }
    }

    async fn on_time(&mut self, sink: &mut impl Sink) -> Result<On, Gone> {
        let now = Instant::now();
        if now >= self.due.ask
            && let Err(problem) = Box::pin(self.ask()).await
        {
            return last(Frame::Error(&problem), sink).await;
        }
        if now >= self.due.bye {
            return last(Frame::Bye(Bye::Lifetime), sink).await;
        }
        if now >= self.due.alive {
            sink.keep_alive().await?;
            self.is_alive();
        }
        Ok(On::Yes)
    }

    /// Whether the client may still see all of it.
    async fn ask(&mut self) -> Result<(), Problem> {
        let (request, jobs) = (&self.request, &self.jobs);
        let asked = self.shared.ask_again(request, jobs, &self.grants);
        self.grants = asked.await?;
        let again = validity(&self.grants, self.shared.limits.ask_again);
        self.due.ask = Instant::now() + again;
        Ok(())
    }

    /// Pushes this, and what else is there already, as far as it is sent in one piece.
    async fn on_next(&mut self, next: Next, sink: &mut impl Sink) -> Result<On, Gone> {
        let mut next = Some(next);
        while let Some((at, item)) = next {
            if let Err(error) = self.put(at, item, sink) {
                return last(Frame::Error(&error.into()), sink).await;
            }
            next = match sink.is_full() {
                false => self.items.next().now_or_never().flatten(),
                true => None,
            };
        }
        sink.flush().await?;
        self.is_alive();
        Ok(On::Yes)
    }

    fn put(
        &mut self,
        at: usize,
        item: Option<Result<Item, Error>>,
        sink: &mut impl Sink,
    ) -> Result<(), Error> {
        let job = &self.jobs[at];
        match item.transpose()? {
            Some(Item::Event(event)) => {
                self.cursor.advance(at, event.id());
                let (event, cursor) = (&event, &self.cursor);
                sink.put(&Frame::Event { job, event, cursor });
            }
            Some(Item::Gap(gap)) => {
                if gap.why != Missing::Expired || self.cursor.tell_gone(at) {
                    sink.put(&Frame::Gap { job, gap: &gap });
                }
            }
            None => {
                sink.put(&Frame::End { job });
                sink.put(&Frame::Place(&self.cursor));
            }
        }
        Ok(())
    }

    fn is_alive(&mut self) {
        self.due.alive = Instant::now() + pause(&self.shared.limits);
    }
}

/// The last that is said.
async fn last(frame: Frame<'_>, sink: &mut impl Sink) -> Result<On, Gone> {
    sink.put(&frame);
    Box::pin(sink.flush()).await?;
    Ok(On::No)
}

/// Between signs of life.
fn pause(limits: &Limits) -> Duration {
    limits.keep_alive.clamp(SHORTEST, LONGEST)
}

fn validity(grants: &[Grant], interval: Duration) -> Duration {
    let each = grants.iter().map(|grant| grant.asked_again_after(interval));
    each.min().unwrap_or(interval).min(LONGEST)
}

/// Less up to a tenth, by chance.
fn with_jitter(lifetime: Duration) -> Duration {
    let chance = uuid::Uuid::new_v4().as_u128() as u16;
    lifetime - lifetime.mul_f64(f64::from(chance) / f64::from(u16::MAX) / 10.0)
}

/// More often than that is of no use to anyone.
const SHORTEST: Duration = Duration::from_millis(10);
/// As good as without end: a year, which any clock can add to now.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);
