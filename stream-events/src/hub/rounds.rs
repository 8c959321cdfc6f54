//! What has changed, where the store does not tell: it is asked, in rounds.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::sleep;

use super::topics::Topics;
use crate::store::{BoxFuture, Class, Connection, Fault, Purpose, Store, Wanted};

/// Each connection waits for streams of its own.
pub(super) struct Rounds {
    store: Arc<dyn Store>,
    shares: Vec<Share>,
    by_key: HashMap<Arc<str>, usize>,
    at_work: FuturesUnordered<BoxFuture<'static, Result<Turn, Fault>>>,
}

#[derive(Default)]
struct Share {
    keys: Vec<Arc<str>>,
    is_at_work: bool,
}

/// A round is over, or the rest behind it.
enum Turn {
    Over(usize, Box<dyn Connection>, Vec<Arc<str>>),
    Rested(usize, Box<dyn Connection>),
}

/// How many streams a connection waits for: what a server does for them at each read grows with them.
const MOST_KEYS: usize = 256;
/// How long a round waits. What is new waits for its end: nothing else interrupts a read that every
/// server and every user's rights allow.
const ROUND: Duration = Duration::from_millis(100);
/// Between two rounds of a connection, for each connection that there is: so all of them together ask
/// the server no more often than it bears.
const REST: Duration = Duration::from_micros(500);

impl Rounds {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            shares: Vec::new(),
            by_key: HashMap::new(),
            at_work: FuturesUnordered::new(),
        }
    }

    pub(super) fn enter(&mut self, key: Arc<str>) {
        if self.by_key.contains_key(&key) {
            return;
        }
        let has_room = |share: &Share| share.keys.len() < MOST_KEYS;
        let share = self.shares.iter().position(has_room);
        let share = share.unwrap_or_else(|| {
            self.shares.push(Share::default());
            self.shares.len() - 1
        });
        self.by_key.insert(Arc::clone(&key), share);
        self.shares[share].keys.push(key);
        if !self.shares[share].is_at_work {
            self.shares[share].is_at_work = true;
            self.at_work
                .push(open(Arc::clone(&self.store), share).boxed());
        }
    }

    pub(super) fn leave(&mut self, key: &str) {
        if let Some(share) = self.by_key.remove(key) {
            self.shares[share].keys.retain(|kept| **kept != *key);
        }
    }

    /// The streams that have changed. An error is of a connection that is lost.
    pub(super) async fn next(&mut self, topics: &Topics) -> Result<Vec<Arc<str>>, Fault> {
        loop {
            match self.at_work.next().await {
                None => std::future::pending().await,
                Some(turn) => match turn? {
                    Turn::Over(share, connection, keys) => {
                        let rest = REST * self.shares.len() as u32;
                        self.at_work.push(rested(share, connection, rest).boxed());
                        if !keys.is_empty() {
                            return Ok(keys);
                        }
                    }
                    Turn::Rested(share, connection) => self.begin(share, connection, topics),
                },
            }
        }
    }

    fn begin(&mut self, share: usize, connection: Box<dyn Connection>, topics: &Topics) {
        let keys = &self.shares[share].keys;
        if keys.is_empty() {
            // Its connection closes.
            self.shares[share].is_at_work = false;
            return;
        }
        // What is being read is looked at in the next round.
        let wanted = keys.iter().filter_map(|key| {
            let (after, count) = (topics.cursor(key)?, 1);
            let key = Arc::clone(key);
            Some(Wanted { key, after, count })
        });
        let wanted: Vec<_> = wanted.collect();
        if wanted.is_empty() {
            self.at_work
                .push(rested(share, connection, ROUND / 10).boxed());
        } else {
            self.at_work.push(round(share, connection, wanted).boxed());
        }
    }
}

async fn open(store: Arc<dyn Store>, share: usize) -> Result<Turn, Fault> {
    let connection = store.connect(Purpose::Blocking(ROUND)).await?;
    Ok(Turn::Rested(share, connection))
}

async fn rested(
    share: usize,
    connection: Box<dyn Connection>,
    rest: Duration,
) -> Result<Turn, Fault> {
    sleep(rest).await;
    Ok(Turn::Rested(share, connection))
}

async fn round(
    share: usize,
    connection: Box<dyn Connection>,
    wanted: Vec<Wanted>,
) -> Result<Turn, Fault> {
    let keys = match connection.news(&wanted, ROUND).await {
        Err(fault) if fault.class == Class::Connection => return Err(fault),
        Ok(keys) => keys,
        // One stream that is none has all of them refused. Each is read by itself, which says of which.
        Err(_) => {
            sleep(ROUND).await;
            wanted.into_iter().map(|wanted| wanted.key).collect()
        }
    };
    Ok(Turn::Over(share, connection, keys))
}
