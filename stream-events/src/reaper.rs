//! The one that declares runs lost whose process is gone, on all streams of a prefix.

use std::fmt;
use std::sync::Arc;

use futures_util::future::join_all;

use crate::Error;
use crate::backoff;
use crate::epilogue::UNFENCED;
use crate::lease::Sightings;
use crate::lost::{Losses, Lost};
use crate::store::{Class, Connection, Fault, Lease, Purpose, Store};

/// Ends runs whose process cannot, made by [`Reader::reaper`](crate::Reader::reaper): where a run's
/// lease has run out and stood still for the reader's [grace time](crate::Reader::with_grace), it
/// writes `task_failed` with `error_kind` `lost` to the run's stream.
///
/// - That is written once, however many reapers and watches come upon it, and not where the run has
///   ended, or its stream is gone.
/// - A run whose process lives is not declared lost because the store was down, or its clock was
///   set. Where the process was frozen, or cut off from the store alone, it takes the declaration
///   back when it goes on: any later event of the run does. One of them is `task_resumed`, unless
///   the run has come to its end by then.
/// - With the publisher's defaults a run is declared lost about 50 s after its process was killed.
/// - What ran before the lease was taken, or where the publisher's user has no right to leases, is
///   not seen. Runs that `publish_task_started` began have none: their end may come from anywhere.
///
/// The user of the store needs `TIME`; `ZRANGEBYSCORE`, `ZSCORE` and `ZREM` on `job_index:active`;
/// `XINFO STREAM`, `XREVRANGE` and `XADD` on the streams; `XADD` on `job_index:feed`, without which lists
/// and feeds do not show which runs are lost; and `EXPIRE` where it is the reader of a publisher. With `XSETID` on them, what a dead process had sent and the network has kept since is
/// refused; without it, it would come behind the end. In a cluster these are the 16 keys `job_index:active:{…}`,
/// and `job_index:feed:{…}`.
///
/// A [`Watch`](crate::Watch) does the same for the job that it watches.
#[must_use = "it does nothing until it is run"]
pub struct Reaper {
    store: Arc<dyn Store>,
    connection: Option<Box<dyn Connection>>,
    losses: Losses,
    /// Of each shard of the index.
    sightings: Vec<Sightings>,
    /// Declared and not told of yet, as another failed then.
    lost: Vec<Lost>,
}

impl Reaper {
    pub(crate) fn new(store: Arc<dyn Store>, losses: Losses) -> Self {
        Self {
            store,
            connection: None,
            sightings: losses.sightings(),
            losses,
            lost: Vec::new(),
        }
    }

    /// Reaps again and again, for as long as it is polled. An outage of the store is waited out; what
    /// goes wrong, and each run that is declared lost, is said in the log.
    pub async fn run(mut self) {
        let (mut waits, mut is_in_trouble) = (backoff::waits(), false);
        let (mut is_unindexed, mut is_unfenced) = (false, false);
        loop {
            let wait = match self.reap().await {
                Ok(lost) => {
                    (waits, is_in_trouble) = (backoff::waits(), false);
                    lost.iter().for_each(tell);
                    self.losses.pause()
                }
                Err(error) => {
                    if !std::mem::replace(&mut is_in_trouble, true) {
                        tracing::warn!(target: "stream_events", "lost runs cannot be found just now: {error}");
                    }
                    match self.connection {
                        Some(_) => self.losses.pause(),
                        None => backoff::next(&mut waits),
                    }
                }
            };
            if let Some(fault) = self.losses.unindexed.take()
                && !std::mem::replace(&mut is_unindexed, true)
            {
                tracing::warn!(target: "stream_events", "lists and feeds of jobs do not show which runs are lost: {fault}");
            }
            if let Some(fault) = self.losses.unfenced.take()
                && !std::mem::replace(&mut is_unfenced, true)
            {
                tracing::warn!(target: "stream_events", "{UNFENCED}: {fault}");
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Looks once, and says which runs this has declared lost. That takes two looks of one reaper at
    /// least, since a lease has to be seen to stand still.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](crate::ErrorKind::Unavailable), after which leases have to stand still anew, or
    /// [`Rejected`](crate::ErrorKind::Rejected), for lack of rights. Where a server of a cluster is away, that
    /// is so of what it has; those that were lost elsewhere are told first, and the error comes after them.
    pub async fn reap(&mut self) -> Result<Vec<Lost>, Error> {
        let fault = match self.look().await {
            Ok(None) => return Ok(std::mem::take(&mut self.lost)),
            Ok(Some(_)) if !self.lost.is_empty() => return Ok(std::mem::take(&mut self.lost)),
            Ok(Some(fault)) => fault,
            Err(fault) => {
                self.connection = None;
                self.sightings.iter_mut().for_each(Sightings::clear);
                fault
            }
        };
        Err(fault.into_error(&*self.store, "the reaper"))
    }

    /// Looks at each shard, and says what one of them was refused. Where all were, that is the error.
    async fn look(&mut self) -> Result<Option<Fault>, Fault> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.store.connect(Purpose::Prompt).await?),
        };
        let most = MOST.div_ceil(self.sightings.len());
        let shards = self.sightings.iter();
        let shards = shards.map(|shard| expired(&**connection, &shard.leases, most));
        let (mut faults, shards) = (Vec::new(), join_all(shards).await);
        for (sightings, expired) in self.sightings.iter_mut().zip(shards) {
            let round = Round {
                connection: &**connection,
                losses: &mut self.losses,
                sightings: &mut *sightings,
                lost: &mut self.lost,
            };
            match round.judge(expired).await {
                Err(fault) if fault.class == Class::Connection => return Err(fault),
                Err(fault) => {
                    sightings.clear();
                    faults.push(fault);
                }
                Ok(()) => {}
            }
        }
        let are_all = faults.len() == self.sightings.len();
        let first = faults.into_iter().next();
        match first {
            Some(fault) if are_all => Err(fault),
            first => Ok(first),
        }
    }
}

/// A look at one shard.
struct Round<'a> {
    connection: &'a dyn Connection,
    losses: &'a mut Losses,
    sightings: &'a mut Sightings,
    lost: &'a mut Vec<Lost>,
}

impl Round<'_> {
    async fn judge(self, expired: Result<Vec<Lease>, Fault>) -> Result<(), Fault> {
        let expired = expired?;
        for lease in &expired {
            let judged = (self.losses).judge(self.connection, self.sightings, lease);
            match judged.await {
                Ok(lost) => self.lost.extend(lost),
                Err(fault) if matches!(fault.class, Class::Connection | Class::Denied) => {
                    return Err(fault);
                }
                // One stream that cannot be written to is no reason to leave out the others.
                Err(_) => {}
            }
        }
        self.sightings.keep(&expired);
        Ok(())
    }
}

/// Page by page, up to a bound: what is beyond it comes when these are gone.
async fn expired(connection: &dyn Connection, key: &str, most: usize) -> Result<Vec<Lease>, Fault> {
    let mut expired = Vec::new();
    while expired.len() < most {
        let page = connection.expired(key, expired.len(), PAGE).await?;
        let is_last = page.len() < PAGE;
        expired.extend(page);
        if is_last {
            break;
        }
    }
    Ok(expired)
}

fn tell(Lost { job_id, run }: &Lost) {
    tracing::warn!(target: "stream_events", "job `{job_id}` is lost: the process of run {run} has not renewed its lease");
}

const PAGE: usize = 500;
/// Of all shards together, or little more.
const MOST: usize = 20 * PAGE;

impl fmt::Debug for Reaper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reaper({:?})", self.store)
    }
}
