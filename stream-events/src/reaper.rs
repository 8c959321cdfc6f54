//! The one that declares runs lost whose process is gone, on all streams of a prefix.

use std::fmt;
use std::sync::Arc;

use crate::Error;
use crate::backoff;
use crate::epilogue::UNFENCED;
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
/// refused; without it, it would come behind the end.
///
/// A [`Watch`](crate::Watch) does the same for the job that it watches.
#[must_use = "it does nothing until it is run"]
pub struct Reaper {
    store: Arc<dyn Store>,
    connection: Option<Box<dyn Connection>>,
    losses: Losses,
    /// Declared and not told of yet, as another failed then.
    lost: Vec<Lost>,
}

impl Reaper {
    pub(crate) fn new(store: Arc<dyn Store>, losses: Losses) -> Self {
        Self {
            store,
            connection: None,
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
                    backoff::next(&mut waits)
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
    /// [`Rejected`](crate::ErrorKind::Rejected), for lack of rights.
    pub async fn reap(&mut self) -> Result<Vec<Lost>, Error> {
        let reaped = self.look().await;
        reaped.map_err(|fault| {
            self.connection = None;
            self.losses.sightings.clear();
            fault.into_error(&*self.store, "the reaper")
        })
    }

    async fn look(&mut self) -> Result<Vec<Lost>, Fault> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.store.connect(Purpose::Prompt).await?),
        };
        let expired = expired(&**connection, &self.losses.leases).await?;
        for lease in &expired {
            match self.losses.judge(&**connection, lease).await {
                Ok(lost) => self.lost.extend(lost),
                Err(fault) if matches!(fault.class, Class::Connection | Class::Denied) => {
                    return Err(fault);
                }
                // One stream that cannot be written to is no reason to leave out the others.
                Err(_) => {}
            }
        }
        self.losses.sightings.keep(&expired);
        Ok(std::mem::take(&mut self.lost))
    }
}

/// Page by page, up to a bound: what is beyond it comes when these are gone.
async fn expired(connection: &dyn Connection, key: &str) -> Result<Vec<Lease>, Fault> {
    let mut expired = Vec::new();
    while expired.len() < MOST {
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
const MOST: usize = 20 * PAGE;

impl fmt::Debug for Reaper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reaper({:?})", self.store)
    }
}
