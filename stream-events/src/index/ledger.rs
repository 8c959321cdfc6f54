//! How the index is written.

use std::sync::Arc;
use std::time::Duration;

use crate::EventId;
use crate::event::{Brief, Values};
use crate::index;
use crate::index::{Shard, Shards};
use crate::settings::Settings;
use crate::store::{Append, Connection, Fault, NewEntry};

/// How many starts of its children a job keeps at least.
pub(crate) const CHILDREN: u64 = 1000;

/// Who writes lifecycle events to the index, and how long what it writes is kept.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    prefix: Arc<str>,
    shards: Shards,
    /// The key of each shard's feed.
    feeds: Arc<[Arc<str>]>,
    kept: Option<Kept>,
}

/// What the publisher of the streams has set.
#[derive(Debug, Clone, Copy)]
struct Kept {
    /// In each feed.
    events: u64,
    time: Duration,
}

impl Ledger {
    /// A publisher's; none where it is to write none.
    pub(crate) fn of_publisher(settings: &Settings, shards: Shards) -> Option<Self> {
        let kept = Kept {
            events: settings.feed_len.div_ceil(shards.count() as u64),
            time: settings.retention_while_running,
        };
        let ledger = Self::of_reader(&settings.prefix, shards);
        (kept.events > 0).then_some(Self {
            kept: Some(kept),
            ..ledger
        })
    }

    /// A reader's, which adds to a feed that is there: how long it may grow is a publisher's to say.
    pub(crate) fn of_reader(prefix: &str, shards: Shards) -> Self {
        let feeds = shards.all().map(|shard| index::feed(prefix, shard));
        Self {
            prefix: prefix.into(),
            shards,
            feeds: feeds.collect(),
            kept: None,
        }
    }

    /// Where an event is: in the shard of its job. Whose job has no name that one can have is none of ours.
    pub(crate) fn shard(&self, brief: &Brief) -> Shard {
        let job = || Some(self.shards.of(&brief.job()?));
        let shard = self.shards.only().or_else(job);
        shard.unwrap_or_else(|| self.shards.first())
    }

    /// What is to be written of these to the feed of their shard; `renews` where it is to be said anew how
    /// long that is kept. None where nothing is to be written.
    pub(crate) fn to_feed<'a>(
        &self,
        shard: Shard,
        briefs: impl Iterator<Item = &'a Brief>,
        renews: bool,
    ) -> Option<Arc<Append>> {
        let kept = self.kept?;
        let entries: Vec<_> = briefs.map(entry).collect();
        (!entries.is_empty()).then(|| {
            Arc::new(Append {
                key: Arc::clone(&self.feeds[shard.number()]),
                entries,
                max_len: kept.events,
                expire: renews.then_some(kept.time),
            })
        })
    }

    /// The same of the start of a job within another, which that one's children have as well.
    pub(crate) fn to_parent(&self, brief: &Brief) -> Option<Arc<Append>> {
        let (kept, parent) = (self.kept?, brief.parent.as_ref()?);
        Some(Arc::new(Append {
            key: index::children(&self.prefix, parent),
            entries: vec![entry(brief)],
            max_len: CHILDREN,
            expire: Some(kept.time),
        }))
    }

    /// Writes an event that its own stream has under this id, and says what was refused. That is no
    /// reason to stop at: the event is there.
    pub(crate) async fn tell(
        &self,
        connection: &dyn Connection,
        id: EventId,
        values: &Values,
    ) -> Option<Fault> {
        let brief = Brief::of(id, values)?;
        let shard = self.shard(&brief);
        let feed = self.to_feed(shard, std::iter::once(&brief), true);
        let appends: Vec<_> = feed.into_iter().chain(self.to_parent(&brief)).collect();
        let refused = match appends.is_empty() {
            true => connection
                .extend(&self.feeds[shard.number()], entry(&brief))
                .await
                .err(),
            false => match connection.append(appends).await {
                Ok(results) => results.into_iter().flatten().find_map(Result::err),
                Err(fault) => Some(fault),
            },
        };
        refused.filter(|fault| !fault.class.is_of_the_way())
    }

    /// Which of the feeds has this key, if any.
    pub(crate) fn nth_feed(&self, key: &Arc<str>) -> Option<usize> {
        self.feeds.iter().position(|feed| Arc::ptr_eq(feed, key))
    }

    /// The feeds as they are told to be refused: one name for all.
    pub(crate) fn shown_feed(&self) -> String {
        match &*self.feeds {
            [only] => only.to_string(),
            _ => format!("{}:…", index::feed(&self.prefix, Shard::ONLY)),
        }
    }

    /// What is told of jobs within others, likewise.
    pub(crate) fn shown_children(&self) -> String {
        format!("{{{}:…}}:children", self.prefix)
    }
}

/// The store chooses its id: many write to it.
fn entry(brief: &Brief) -> NewEntry {
    NewEntry {
        id: None,
        values: brief.values.clone(),
    }
}
