//! Jobs over HTTP: streams over WebSocket.
#![allow(clippy::unwrap_used)]

#[path = "http/client.rs"]
mod client;
#[path = "http/service.rs"]
mod service;

use client::{Events, messages};
use futures_util::StreamExt;
use serde_json::{Value, json};
use service::{Service, ended, serve, stores};
use stream_events::http::Limits;
use tokio_tungstenite::tungstenite::Message;

/// Row 43.
#[tokio::test]
async fn a_websocket_says_the_same_and_is_taken_up_again_after_any_event() {
    let (_redis, stores) = stores("socket");
    for publisher in &stores {
        let written = ended(publisher, "job_001").await;
        let service = serve(publisher, Limits::default()).await;
        let path = "/jobs/job_001/stream";
        for cut in 0..=written.len() {
            let mut seen = messages(&service, path, cut).await;
            let after = seen
                .last()
                .map_or("0-0", |event| event["cursor"].as_str().unwrap());
            let rest = messages(&service, &format!("{path}?after={after}"), 100).await;
            seen.extend(rest);
            let end = seen.pop().unwrap();
            assert_eq!(end, json!({"type": "end", "job_id": "job_001"}));
            let cursors: Vec<_> = seen
                .iter()
                .map(|event| event["cursor"].as_str().unwrap())
                .collect();
            assert_eq!(cursors, written);
        }
        // But for what tells one frame from another, it is what the other way says.
        let frames = Events::open(&service.url(path)).await.rest().await;
        for (mut message, frame) in messages(&service, path, 100).await.into_iter().zip(frames) {
            let object = message.as_object_mut().unwrap();
            let kind = object.remove("type").unwrap();
            assert_eq!(object.remove("cursor"), frame.id.map(Value::from));
            assert_eq!(kind == "event", frame.name != "end");
            assert_eq!(message, frame.data);
        }
        let several = messages(&service, "/stream?job_id=job_001&job_id=other", 6).await;
        assert_eq!(several[4]["cursor"], format!("{},0-0", written[4]));
    }
}

#[tokio::test]
async fn a_websocket_that_its_client_closes_is_closed_from_both_sides() {
    let service = Service::open("memory:http:closed").await;
    let url = format!("ws://{}/jobs/job_001/stream", service.address);
    let mut socket = tokio_tungstenite::connect_async(url).await.unwrap().0;
    socket.close(None).await.unwrap();
    let last = tokio::time::timeout(client::SOON, socket.next()).await;
    assert!(matches!(last, Ok(Some(Ok(Message::Close(_))))), "{last:?}");
}
