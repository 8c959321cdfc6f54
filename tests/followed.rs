//! A job as a watch sees it.
#![allow(dead_code, reason = "each file uses a part of it")]

use std::time::Duration;

use stream_events::{Event, Item, Watch};
use tokio::time::timeout;

/// The next event, before which nothing is missing.
pub(crate) async fn next(watch: &mut Watch) -> Event {
    let item = timeout(IN_TIME, watch.next()).await;
    event(item.expect("an event comes").expect("it has not ended"))
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

fn event(item: Result<Item, stream_events::Error>) -> Event {
    match item.unwrap() {
        Item::Event(event) => event,
        other => panic!("{other:?}"),
    }
}

/// For the longest rest of what waits for someone to mend something, and more.
const IN_TIME: Duration = Duration::from_secs(90);
