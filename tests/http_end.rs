//! Jobs over HTTP: who has had all there is does not come back, also where it was nothing.
#![allow(clippy::unwrap_used)]

mod served;

use reqwest::{Client, StatusCode};
use serde_json::json;
use served::client::{Events, Frame, ids, messages, names};
use served::service::{SHORT, Service, ended, open, serve, stores};
use stream_events::http::{Api, Limits};

/// What came, and what its client comes back with by itself.
async fn whole(url: &str, last: &str) -> (Vec<Frame>, String) {
    let request = Client::new().get(url).header("Last-Event-ID", last);
    let mut events = Events::of(request).await;
    let mut frames = Vec::new();
    while let Some(frame) = events.next().await {
        frames.push(frame);
    }
    (frames, events.source.last_id)
}

async fn again(url: &str, last: &str) -> StatusCode {
    let request = Client::new().get(url).header("Last-Event-ID", last);
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn who_was_told_of_no_event_is_not_told_so_again() {
    let (_redis, stores) = stores("end");
    for publisher in &stores {
        let written = ended(publisher, "a").await;
        ended(publisher, "b").await;
        let service = serve(publisher, Limits::default()).await;
        for path in [
            "/jobs/a/stream?q=type:nothing",
            "/stream?job_id=a&job_id=b&q=type:nothing",
            "/jobs/a/replay?q=type:nothing",
        ] {
            let url = service.url(path);
            let (frames, last) = whole(&url, "").await;
            assert!(frames.iter().all(|frame| frame.name == "end"), "{frames:?}");
            assert!(frames.iter().all(|frame| frame.id.is_none()), "{frames:?}");
            assert!(last.starts_with("0-0"), "{last}");
            assert_eq!(again(&url, &last).await, 204, "{path}");
        }
        // The one that asks for all has not had them.
        let (frames, last) = whole(&service.url("/jobs/a/stream"), "0-0").await;
        assert_eq!(
            (ids(&frames), &last),
            (written.iter().map(|id| &**id).collect(), &written[4])
        );
    }
}

#[tokio::test]
async fn that_a_stream_is_gone_is_told_once() {
    let (redis, stores) = stores("gone");
    let publisher = &stores[0];
    // Who soon looks whether a stream is still there.
    let reader = publisher.reader().with_grace(SHORT);
    let service = Service::of(Api::builder(reader, open)).await;
    let written = [ended(publisher, "a").await, ended(publisher, "b").await];
    redis.run(&["DEL", "job_events:a"]);
    let url = service.url("/jobs/a/stream");
    let (frames, last) = whole(&url, &written[0][2]).await;
    assert_eq!(names(&frames), ["gap", "end"]);
    assert_eq!(frames[0].data["why"], "expired");
    assert!(frames.iter().all(|frame| frame.id.is_none()));
    assert_eq!(last, format!("{}.gone", written[0][2]));
    assert_eq!(again(&url, &last).await, 204);

    // Beside one of which there is more.
    let both = service.url("/stream?job_id=a&job_id=b");
    let from = format!("{last},{}", written[1][2]);
    let (frames, last) = whole(&both, &from).await;
    assert_eq!(ids(&frames), written[1][3..]);
    let mut named = names(&frames);
    named.sort_unstable();
    assert_eq!(named, ["end", "end", "row", "task_completed"]);
    assert_eq!(last, format!("{}.gone,{}", written[0][2], written[1][4]));
    assert_eq!(again(&both, &last).await, 204);
    let said = messages(
        &service,
        &format!("/stream?job_id=a&job_id=b&after={from}"),
        100,
    )
    .await;
    assert_eq!(said.len(), 4, "{said:?}");
    let cursor = said
        .iter()
        .find(|message| message["event_type"] == "task_completed");
    assert_eq!(cursor.unwrap()["cursor"], json!(last));

    // The job runs once more.
    let fresh = ended(publisher, "a").await;
    let gone = format!("{}.gone", written[0][2]);
    let (frames, last) = whole(&url, &gone).await;
    assert_eq!(
        (ids(&frames), &last),
        (fresh.iter().map(|id| &**id).collect(), &fresh[4])
    );
}
