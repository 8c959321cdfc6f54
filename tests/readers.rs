//! Readers of each kind, which follow to where the master is.
#![allow(clippy::unwrap_used)]

use std::collections::HashSet;
use std::time::Duration;

use stream_events::{Event, EventId, FeedItem, Item, Reader, Watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const IN_TIME: Duration = Duration::from_secs(60);

/// Each of them has to see all of `job_001`, or the feed to the end of `job_002`.
pub(crate) struct Readers(Vec<JoinHandle<()>>);

impl Readers {
    /// With the last seq of `job_001`.
    pub(crate) fn of(reader: &Reader, last: u64) -> Self {
        let watches = [
            reader.watch("job_001").unwrap(),
            reader.hub().watch("job_001").unwrap(),
        ];
        let watches = watches.map(|watch| tokio::spawn(sees_all(watch, last)));
        let mut at_work = Vec::from(watches);
        at_work.push(tokio::spawn(fed(reader.clone())));
        at_work.push(tokio::spawn(shared(reader.clone())));
        Self(at_work)
    }

    pub(crate) async fn finish(self) {
        for reader in self.0 {
            let read = timeout(IN_TIME, reader).await;
            read.expect("all is seen").unwrap();
        }
    }
}

/// All seqs up to the last one, each once, and then the end.
async fn sees_all(mut watch: Watch, last: u64) {
    for expected in 0..=last {
        let item = watch.next().await;
        let Some(Ok(Item::Event(event))) = item else {
            panic!("event {expected} is missing: {item:?}")
        };
        assert_eq!(event.seq(), Some(expected));
    }
    assert!(watch.next().await.is_none());
}

fn is_end(event: &Event) -> bool {
    let is_of = event.job_id().is_some_and(|id| id.as_str() == "job_002");
    is_of && event.is_terminal()
}

/// The feed; nothing of it comes twice.
async fn fed(reader: Reader) {
    let (mut feed, mut seen) = (reader.feed().after(EventId::ZERO), HashSet::new());
    loop {
        // A gap is what the old master alone had.
        let FeedItem::Event(event) = feed.next().await.unwrap().unwrap() else {
            continue;
        };
        let name = (event.run().map(str::to_owned), event.seq());
        assert!(seen.insert(name), "{event} came twice");
        if is_end(&event) {
            return;
        }
    }
}

/// The same of a group: what could not be acknowledged is given again.
async fn shared(reader: Reader) {
    let mut group = reader.feed_group("fleet").unwrap().after(EventId::ZERO);
    loop {
        let assigned = group.next().await.unwrap().unwrap();
        let _ = assigned.ack().await;
        if is_end(assigned.event()) {
            return;
        }
    }
}
