//! The jobs of whose starts the feed has none, or none any more.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;

use super::cursor::{Cursor, Place};
use super::found::Seen;
use super::walk::Walk;
use crate::store::Connection;
use crate::{Error, EventId, JobId, lease};

/// How many leases are looked at, of those that were renewed last; of each shard as many as of another.
const MOST_LEASES: usize = 20_000;

impl Walk<'_> {
    /// Behind the feed's oldest event: the jobs of which it has another event, and those whose runs hold a
    /// lease.
    pub(super) async fn rest(&mut self, mut cursor: Cursor) -> Result<Option<Cursor>, Error> {
        let oldest = self.feeds().oldest().await?;
        // The feeds may have lost starts since they were looked at.
        let places = cursor.places.iter().zip(oldest);
        let since = |(place, oldest): (&Place, _)| match place.below < oldest {
            true => place.since,
            false => u64::MAX,
        };
        self.since = places.map(since).collect();
        let mut jobs = self.leased().await?;
        jobs.extend(std::mem::take(&mut self.seen.mentioned));
        let younger = self.younger(&cursor).await?;
        // Of those that held a lease, and have ended since.
        jobs.extend(younger.mentioned.iter().cloned());
        jobs.retain(|job| !self.seen.has_started(job) && !younger.has_started(job));
        jobs.retain(|job| self.may_be_seen(job));
        if let Some(last) = cursor.job.take() {
            jobs.retain(|job| *job > last);
        }
        let mut jobs = jobs.into_iter().peekable();
        while jobs.peek().is_some() {
            let next: Vec<_> = jobs.by_ref().take(self.next()).collect();
            let last = next.last().cloned();
            self.look_at(next).await?;
            cursor.job = last;
            if self.is_over(&cursor) && jobs.peek().is_some() {
                return Ok(Some(cursor));
            }
        }
        Ok(None)
    }

    async fn leased(&self) -> Result<BTreeSet<JobId>, Error> {
        let shards = self.reader.store.shards();
        let most = MOST_LEASES.div_ceil(shards.count());
        let of_shard = shards.all().map(async |shard| {
            let key = lease::key(&self.reader.prefix, shard);
            let ask = |it: &dyn Connection| it.leased(&key, most);
            self.reader.ask(ask).await
        });
        let members = try_join_all(of_shard).await?;
        let members = members.iter().flatten();
        let jobs = members.filter_map(|member| lease::parse(member));
        Ok(jobs.map(|(_, job)| job).collect())
    }

    /// What has come since the first page was read.
    async fn younger(&self, cursor: &Cursor) -> Result<Seen, Error> {
        let mut seen = Seen::default();
        let tops = cursor.places.iter().map(|place| place.top.next());
        let bounds = tops.map(|from| (from, EventId::MAX));
        self.feeds().note(&mut seen, bounds).await?;
        Ok(seen)
    }
}
