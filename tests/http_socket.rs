//! Jobs over HTTP: streams over WebSocket, which no page of another site opens.
#![allow(clippy::unwrap_used)]

mod served;

use futures_util::StreamExt;
use reqwest::Client;
use serde_json::{Value, json};
use served::client::{Events, SOON, answer, messages};
use served::service::{Service, ended, open, serve, stores};
use stream_events::Publisher;
use stream_events::http::{Api, Limits};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

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
    let last = tokio::time::timeout(SOON, socket.next()).await;
    assert!(matches!(last, Ok(Some(Ok(Message::Close(_))))), "{last:?}");
}

/// Those of several headers are none.
async fn socket(service: &Service, origins: &[&str]) -> Result<(), u16> {
    let url = format!("ws://{}/jobs/a_1/stream", service.address);
    let mut request = url.into_client_request().unwrap();
    for origin in origins {
        request
            .headers_mut()
            .append("origin", origin.parse().unwrap());
    }
    match tokio_tungstenite::connect_async(request).await {
        Ok(_) => Ok(()),
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_page_of_another_site_opens_no_websocket_and_publishes_nothing() {
    let publisher = Publisher::connect("memory:http:origin").unwrap();
    let api = || Api::builder(publisher.reader(), open).publisher(publisher.clone());
    let service = Service::of(api()).await;
    let own = format!("http://{}", service.address);
    assert_eq!(socket(&service, &[]).await, Ok(()));
    assert_eq!(socket(&service, &[&own]).await, Ok(()));
    for origins in [
        &["https://evil.example"][..],
        &["null"],
        &[&own, "https://evil.example"],
    ] {
        assert_eq!(socket(&service, origins).await, Err(403), "{origins:?}");
    }
    let post = |service: &Service, origin: &str| {
        let post = Client::new()
            .post(service.url("/jobs/a_1/events"))
            .header("origin", origin);
        answer(
            post.header("content-type", "application/json")
                .body(r#"{"event_type":"a"}"#),
        )
    };
    assert_eq!(post(&service, "https://evil.example").await.0, 403);
    assert_eq!(post(&service, &own).await.0, 201);
    let service = Service::of(api().origins(["https://app.example"])).await;
    assert_eq!(socket(&service, &["https://app.example"]).await, Ok(()));
    assert_eq!(socket(&service, &["http://app.example"]).await, Err(403));
}
