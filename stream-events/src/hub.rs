//! The handle of many watches on one connection.

mod desk;
mod line;
mod looks;
mod many;
mod news;
mod rounds;
mod seat;
mod session;
mod table;
mod topic;
mod topics;

use std::fmt;
use std::sync::Arc;

pub(crate) use desk::Desk;
pub use many::WatchMany;
pub(crate) use seat::Seat;

use crate::Error;
use crate::job::JobId;
use crate::lost::Terms;
use crate::watch::{Source, Watch};

/// Watches thousands of jobs on one connection; [`Reader::hub`](crate::Reader::hub) gives it. A clone is
/// another handle of the same.
///
/// - The store says which streams change, on the connection on which they are read: Redis by [`CLIENT
///   TRACKING`](https://redis.io/docs/latest/commands/client-tracking/) in RESP3, whichever protocol the
///   URL asks for. All watches of a job are served by one read, and share what it read.
/// - It reads by `XRANGE`, which the store's user has to be allowed.
/// - A watch has a cursor, and what it has not given yet, which is a page at most: one that is slow reads
///   on from its cursor when it comes to it, misses nothing, and is in nobody's way.
/// - In a cluster there is a connection to each server. What is read of one is not waited for by those who watch
///   jobs of others.
/// - Whether the runs of quiet watches live, and their streams are there, is asked for 256 of them at once, 20
///   times a second at most: by `ZMSCORE`, `TIME`, `EXISTS` and `XINFO`, or `ZSCORE` and `XINFO` where the
///   first and third are not allowed.
/// - Where the connection is lost, or the server has thrown all streams away, each watch reads again from
///   its cursor.
/// - A server before Redis 6, a proxy or an ACL may refuse RESP3 or `CLIENT TRACKING`. Then it is asked
///   what changes, in `XREAD`s that block on 256 streams at most, each on a connection more: for 10,000
///   jobs 40. A job that is new to the hub waits for the round of its connection to end, 100 ms at most,
///   and with thousands of them an event may come that much later. This is chosen again with each
///   connection.
///
/// It runs on the runtime in which it was first used, and is held up while that is blocked. When that ends,
/// or the connection is lost, the next watch that reads opens another. The connection closes with the last handle and the last watch.
#[derive(Clone)]
pub struct Hub {
    desk: Arc<Desk>,
    terms: Terms,
}

impl Hub {
    pub(crate) fn new(desk: Arc<Desk>, terms: Terms) -> Self {
        Self { desk, terms }
    }

    /// Follows a job, as [`Reader::watch`](crate::Reader::watch) does, on the hub's connection. What is
    /// read for it comes a little later than on a connection of its own.
    ///
    /// # Errors
    ///
    /// [`InvalidJobId`](crate::ErrorKind::InvalidJobId).
    pub fn watch(&self, job_id: impl TryInto<JobId, Error: Into<Error>>) -> Result<Watch, Error> {
        Ok(self.follow(job_id.try_into().map_err(Into::into)?))
    }

    /// Follows these jobs, as [`Reader::watch_many`](crate::Reader::watch_many) does.
    ///
    /// # Errors
    ///
    /// [`InvalidJobId`](crate::ErrorKind::InvalidJobId).
    pub fn watch_many<J>(&self, job_ids: impl IntoIterator<Item = J>) -> Result<WatchMany, Error>
    where
        J: TryInto<JobId, Error: Into<Error>>,
    {
        let job_ids = job_ids.into_iter().map(TryInto::try_into);
        let jobs = job_ids.collect::<Result<Vec<JobId>, _>>();
        Ok(WatchMany::new(self.clone(), jobs.map_err(Into::into)?))
    }

    fn follow(&self, job: JobId) -> Watch {
        let source = Source::Shared(Arc::clone(&self.desk));
        Watch::new(source, job, self.desk.prefix(), self.terms)
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hub({:?})", self.desk.store().shown())
    }
}
