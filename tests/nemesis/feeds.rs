//! A reader that follows the feed of all jobs while everything goes wrong.

use std::collections::HashSet;
use std::thread::JoinHandle;
use std::time::Duration;

use stream_events::{Event, FeedItem, Publisher, Reader};
use tokio::time::timeout;

/// In a thread of its own, until it has seen the job of this name.
pub(crate) struct Follower {
    url: String,
    thread: JoinHandle<Vec<Event>>,
}

const LAST: &str = "the_last_job";
/// In which an event comes at the latest.
const IN_TIME: Duration = Duration::from_secs(30);

impl Follower {
    pub(crate) fn start(url: &str) -> Self {
        let reader = Reader::connect(url).unwrap();
        Self {
            url: url.to_owned(),
            thread: std::thread::spawn(move || runtime().block_on(follow(reader))),
        }
    }

    /// Has it see one more job, and says how many events there were. None may have come twice.
    ///
    /// What a failover takes of the feed is not told to it again.
    pub(crate) fn finish(self) -> usize {
        let last = async {
            let publisher = Publisher::connect(self.url).unwrap();
            // Told also where the first one is there before the feed has begun.
            while !self.thread.is_finished() {
                publisher.job(LAST, "t").unwrap().completed(&());
                assert!(publisher.flush(IN_TIME).await.complete);
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        runtime().block_on(last);
        let events = self.thread.join().unwrap();
        let mut seen = HashSet::new();
        for event in &events {
            // A run that is declared lost may be so again, where a failover took that.
            let own: Option<String> = event.field("event_id").unwrap();
            let is_new = seen.insert((event.run(), own));
            assert!(is_new, "{event:?} came twice");
        }
        events.len()
    }
}

async fn follow(reader: Reader) -> Vec<Event> {
    let (mut feed, mut events) = (reader.feed(), Vec::new());
    loop {
        let item = timeout(IN_TIME, feed.next()).await.expect("an event comes");
        if let FeedItem::Event(event) = item.expect("a feed has no end").unwrap() {
            if event.job_id().is_some_and(|id| id.as_str() == LAST) {
                return events;
            }
            events.push(event);
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}
