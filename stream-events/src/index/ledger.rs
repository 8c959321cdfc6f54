//! How the index is written.

use std::sync::Arc;
use std::time::Duration;

use crate::EventId;
use crate::event::{Brief, Values};
use crate::index;
use crate::index::Shard;
use crate::settings::Settings;
use crate::store::{Append, Class, Connection, Fault, NewEntry};

/// How many starts of its children a job keeps at least.
pub(crate) const CHILDREN: u64 = 1000;

/// Who writes lifecycle events to the index, and how long what it writes is kept.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    prefix: Arc<str>,
    feed: Arc<str>,
    kept: Option<Kept>,
}

/// What the publisher of the streams has set.
#[derive(Debug, Clone, Copy)]
struct Kept {
    events: u64,
    time: Duration,
}

impl Ledger {
    /// A publisher's; none where it is to write none.
    pub(crate) fn of_publisher(settings: &Settings) -> Option<Self> {
        let kept = Kept {
            events: settings.feed_len,
            time: settings.retention_while_running,
        };
        let ledger = Self::of_reader(&settings.prefix);
        (kept.events > 0).then_some(Self {
            kept: Some(kept),
            ..ledger
        })
    }

    /// A reader's, which adds to a feed that is there: how long it may grow is a publisher's to say.
    pub(crate) fn of_reader(prefix: &str) -> Self {
        Self {
            prefix: prefix.into(),
            feed: index::feed(prefix, Shard::ONLY),
            kept: None,
        }
    }

    /// What is to be written of these to the feed; `renews` where it is to be said anew how long that is
    /// kept. None where nothing is to be written.
    pub(crate) fn to_feed<'a>(
        &self,
        briefs: impl Iterator<Item = &'a Brief>,
        renews: bool,
    ) -> Option<Arc<Append>> {
        let kept = self.kept?;
        let entries: Vec<_> = briefs.map(entry).collect();
        (!entries.is_empty()).then(|| {
            Arc::new(Append {
                key: Arc::clone(&self.feed),
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
        let feed = self.to_feed(std::iter::once(&brief), true);
        let appends: Vec<_> = feed.into_iter().chain(self.to_parent(&brief)).collect();
        let refused = match appends.is_empty() {
            true => connection.extend(&self.feed, entry(&brief)).await.err(),
            false => match connection.append(appends).await {
                Ok(results) => results.into_iter().flatten().find_map(Result::err),
                Err(fault) => Some(fault),
            },
        };
        refused.filter(|fault| fault.class != Class::Connection)
    }

    pub(crate) fn feed(&self) -> &str {
        &self.feed
    }

    /// A key as it is told that it is refused: one name for those of all jobs.
    pub(crate) fn shown(&self, key: &str) -> String {
        match *key == *self.feed {
            true => key.to_owned(),
            false => format!("{{{}:…}}:children", self.prefix),
        }
    }
}

/// The store chooses its id: many write to it.
fn entry(brief: &Brief) -> NewEntry {
    NewEntry {
        id: None,
        values: brief.values.clone(),
    }
}
