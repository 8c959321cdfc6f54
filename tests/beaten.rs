//! A job that waits for its own heartbeats.

use serde_json::Value;
use stream_events::Item;

use crate::installed::publisher;

/// Until the job's stream has so many behind the last event of this type.
pub(crate) async fn has_beaten(job_id: &str, event_type: &str, times: usize) {
    let mut watch = publisher().reader().watch(job_id).unwrap();
    let mut beats = None;
    while beats < Some(times) {
        if let Item::Event(event) = watch.next().await.unwrap().unwrap() {
            if event.event_type().as_str() == event_type {
                beats = Some(0);
            }
            let data: Value = serde_json::from_str(&event.data()).unwrap();
            beats = beats.map(|beats| beats + usize::from(data["heartbeat"] == true));
        }
    }
}
