//! Jobs over HTTP: pages of history.
#![allow(clippy::unwrap_used)]

mod served;

use serde_json::{Value, json};
use served::client::get;
use served::service::rows::flushed;
use served::service::{ended, serve, stores};
use stream_events::http::Limits;
use stream_events::{Fields, Publisher};

#[tokio::test]
async fn history_comes_in_pages_each_event_once() {
    let (_redis, stores) = stores("pages");
    for publisher in &stores {
        let written = ended(publisher, "job_001").await;
        let service = serve(publisher, Limits::default()).await;
        for limit in 1..=6 {
            let (mut seen, mut after) = (Vec::new(), String::new());
            loop {
                let path = format!("/jobs/job_001/events?limit={limit}&after={after}");
                let (status, kind, page) = get(&service.url(&path)).await;
                assert_eq!((status, &*kind), (200, "application/json"));
                let events = page["events"].as_array().unwrap();
                assert!(events.len() <= limit, "{limit}");
                seen.extend(
                    events
                        .iter()
                        .map(|event| event["id"].as_str().unwrap().to_owned()),
                );
                match page["next"].as_str() {
                    Some(next) => after = next.to_owned(),
                    None => break,
                }
            }
            assert_eq!(seen, written, "{limit}");
        }
        let (_, _, page) = get(&service.url("/jobs/job_001/events")).await;
        assert_eq!(page["next"], Value::Null);
        let event = &page["events"][1];
        assert_eq!(
            (&event["job_id"], &event["event_type"]),
            (&json!("job_001"), &json!("row"))
        );
        assert_eq!(event["timestamp"], event["data"]["timestamp"]);
        assert_eq!(
            (&event["data"]["n"], &event["data"]["seq"]),
            (&json!(0), &json!(1))
        );
        let (status, _, none) = get(&service.url("/jobs/unknown/events")).await;
        assert_eq!((status, none), (200, json!({"events": [], "next": null})));
    }
}

/// The page has a bound in bytes, too.
#[tokio::test]
async fn pages_of_large_events_are_shorter() {
    let publisher = Publisher::connect("memory:http:large").unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    let text = "x".repeat(200_000);
    for _ in 0..20 {
        job.emit("text", Fields::new().field("text", &text));
    }
    flushed(&publisher).await;
    let service = serve(&publisher, Limits::default()).await;
    let (_, _, page) = get(&service.url("/jobs/job_001/events")).await;
    let count = page["events"].as_array().unwrap().len();
    assert!(
        count > 3 && count < 8 && page["next"].is_string(),
        "{count}"
    );
}
