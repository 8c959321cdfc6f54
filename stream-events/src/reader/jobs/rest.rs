//! The jobs of whose starts the feed has none, or none any more.

use std::collections::BTreeSet;

use super::cursor::Cursor;
use super::found::Seen;
use super::walk::Walk;
use crate::index::Shard;
use crate::store::Connection;
use crate::{Error, EventId, JobId, lease};

/// How many leases are looked at, of those that were renewed last.
const MOST_LEASES: usize = 20_000;

impl Walk<'_> {
    /// Behind the feed's oldest event: the jobs of which it has another event, and those whose runs hold a
    /// lease.
    pub(super) async fn rest(&mut self, mut cursor: Cursor) -> Result<Option<Cursor>, Error> {
        let oldest = self.oldest().await?.unwrap_or(EventId::MAX);
        // The feed may have lost starts since they were looked at.
        if cursor.below < oldest {
            self.since = cursor.since;
        }
        let mut jobs = self.leased().await?;
        jobs.extend(std::mem::take(&mut self.seen.mentioned));
        let younger = self.younger(cursor.top).await?;
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
        let key = lease::key(&self.reader.prefix, Shard::ONLY);
        let ask = |it: &dyn Connection| it.leased(&key, MOST_LEASES);
        let members = self.reader.ask(ask).await?;
        let jobs = members.iter().filter_map(|member| lease::parse(member));
        Ok(jobs.map(|(_, job)| job).collect())
    }

    /// What has come since the first page was read.
    async fn younger(&self, top: EventId) -> Result<Seen, Error> {
        let mut seen = Seen::default();
        self.each(top.next(), EventId::MAX, |entry| drop(seen.note(entry)))
            .await?;
        Ok(seen)
    }
}
