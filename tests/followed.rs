//! A job as a watch sees it, to its end.

use std::time::Duration;

use stream_events::{Event, Item, Watch};

/// All events that a watch yields to its end.
pub(crate) async fn followed(mut watch: Watch) -> Vec<Event> {
    let events = async {
        let mut events = Vec::new();
        while let Some(item) = watch.next().await {
            let Item::Event(event) = item.unwrap() else {
                panic!("nothing is missing")
            };
            events.push(event);
        }
        events
    };
    let events = tokio::time::timeout(ENDED_IN, events).await;
    events.expect("the watch ends")
}

const ENDED_IN: Duration = Duration::from_secs(30);
