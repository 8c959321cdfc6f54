//! Jobs as those see them who read.
#![allow(dead_code, reason = "each file uses a part of it")]

use std::collections::HashMap;
use std::time::Duration;

use stream_events::{Event, Item, Reader, Watch, WatchMany};
use tokio::time::timeout;

/// The next event, before which nothing is missing.
pub(crate) async fn next(watch: &mut Watch) -> Event {
    let item = timeout(IN_TIME, watch.next()).await;
    event(item.expect("an event comes").expect("it has not ended"))
}

/// All events that there are.
pub(crate) async fn history(reader: &Reader, job_id: &str) -> Vec<Event> {
    let mut history = reader.history(job_id).unwrap();
    let mut events = Vec::new();
    while let Some(event) = history.next().await {
        events.push(event.unwrap());
    }
    events
}

/// All events to its end.
pub(crate) async fn followed(mut watch: Watch) -> Vec<Event> {
    let events = async {
        let mut events = Vec::new();
        while let Some(item) = watch.next().await {
            events.push(event(item));
        }
        events
    };
    timeout(IN_TIME, events).await.expect("the watch ends")
}

/// Takes what comes until each of so many jobs has ended: of each there were so many events, all of them once
/// and in order.
pub(crate) async fn followed_all(watch: &mut WatchMany, jobs: usize, events: u64) {
    let (mut next, mut ended) = (HashMap::new(), 0);
    while ended < jobs {
        let item = timeout(IN_TIME, watch.next()).await.expect("an item comes");
        let (job, item) = item.unwrap();
        let Ok(Item::Event(event)) = item else {
            panic!("{job}: {item:?}")
        };
        let next = next.entry(job.clone()).or_insert(0);
        assert_eq!(event.seq(), Some(*next), "{job}");
        *next += 1;
        ended += usize::from(event.is_terminal());
    }
    assert!(next.values().all(|next| *next == events), "{next:?}");
}

fn event(item: Result<Item, stream_events::Error>) -> Event {
    match item.unwrap() {
        Item::Event(event) => event,
        other => panic!("{other:?}"),
    }
}

/// For the longest rest of what waits for someone to mend something, and more.
const IN_TIME: Duration = Duration::from_secs(90);
