//! For tests: a store whose index has the pieces of a cluster's.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tokio::sync::Semaphore;

use super::Reader;
use crate::event::{Timestamp, Values};
use crate::index::{self, Shards};
use crate::store::{
    Append, BoxFuture, Connection, Fault, LeaseTurn, NewEntry, Purpose, Store, StoreUrl, Tracking,
};
use crate::{EventId, JobId, lease};

pub(super) struct Sharded {
    pub(super) reader: Reader,
    connection: Box<dyn Connection>,
}

/// Another store, with so many shards.
#[derive(Debug)]
struct Sixteen {
    store: Arc<dyn Store>,
    /// How many blocking connections were asked for, and which of them are not opened before they may be: as
    /// where a shard's server is silent.
    asked: AtomicUsize,
    silent: Option<(usize, Arc<Semaphore>)>,
}

impl Store for Sixteen {
    fn connect(&self, purpose: Purpose) -> BoxFuture<'_, Result<Box<dyn Connection>, Fault>> {
        let is_blocking = matches!(purpose, Purpose::Blocking(_));
        let nth = is_blocking.then(|| self.asked.fetch_add(1, Relaxed));
        Box::pin(async move {
            if let Some((silent, comes_back)) = &self.silent
                && nth == Some(*silent)
            {
                drop(comes_back.acquire().await);
            }
            self.store.connect(purpose).await
        })
    }

    fn track<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Tracking, Fault>> {
        self.store.track(prefix)
    }

    fn shown(&self) -> &str {
        self.store.shown()
    }

    fn shards(&self) -> Shards {
        Shards::OF_CLUSTER
    }
}

impl Sharded {
    pub(super) async fn open(url: &str) -> Self {
        Self::with(url, None).await
    }

    /// Of which the nth blocking connection opens when it may.
    pub(super) async fn with_silent(url: &str, nth: usize, comes_back: &Arc<Semaphore>) -> Self {
        Self::with(url, Some((nth, Arc::clone(comes_back)))).await
    }

    async fn with(url: &str, silent: Option<(usize, Arc<Semaphore>)>) -> Self {
        let store = StoreUrl::new(url).open().unwrap();
        let connection = store.connect(Purpose::Prompt).await.unwrap();
        let store = Sixteen {
            store,
            asked: AtomicUsize::new(0),
            silent,
        };
        Self {
            reader: Reader::new(Arc::new(store), "job_events"),
            connection,
        }
    }

    /// What a job says, and the index of that.
    pub(super) async fn says(&self, job: &str, what: &str, at: EventId) {
        self.append(&format!("job_events:{job}"), job, what, at, MOST)
            .await;
        self.tells(job, what, at, MOST).await;
    }

    /// To the index alone, of which the job's shard keeps so much.
    pub(super) async fn tells(&self, job: &str, what: &str, at: EventId, max_len: u64) {
        let feed = index::feed("job_events", shard(job));
        self.append(&feed, job, what, at, max_len).await;
    }

    /// The job's run holds a lease.
    pub(super) async fn leases(&self, job: &str) {
        let turn = LeaseTurn {
            key: lease::key("job_events", shard(job)),
            until: Some(u64::from(u32::MAX) << 16),
            begun: vec![lease::member(job, &JobId::try_from(job).unwrap())],
            ..LeaseTurn::default()
        };
        self.connection.lease(Arc::new(turn)).await.unwrap();
    }

    async fn append(&self, key: &str, job: &str, what: &str, at: EventId, max_len: u64) {
        let data = format!(
            r#"{{"job_id":"{job}","run":"{job}","event_id":"{at}","seq":0,"event_type":"{what}"}}"#
        );
        let time = Timestamp::from_micros(at.ms() as i64 * 1000).to_rfc3339();
        let entries = vec![NewEntry {
            id: Some(at),
            values: Values::new(data.into_bytes(), time.as_bytes(), what),
        }];
        let append = Append {
            key: key.into(),
            entries,
            max_len,
            expire: None,
        };
        let appended = self.connection.append(vec![Arc::new(append)]).await;
        let id = appended.unwrap().remove(0).remove(0);
        assert_eq!(id.unwrap(), at);
    }
}

/// More than any test has.
const MOST: u64 = 100_000;

pub(super) fn shard(job: &str) -> index::Shard {
    Shards::OF_CLUSTER.of(&JobId::try_from(job).unwrap())
}

/// Of which each shard has some.
pub(super) fn jobs() -> Vec<String> {
    let jobs: Vec<_> = (0..60).map(|n| format!("job_{n}")).collect();
    let has_some = |of: index::Shard| jobs.iter().any(|job| shard(job) == of);
    assert!(Shards::OF_CLUSTER.all().all(has_some));
    jobs
}
