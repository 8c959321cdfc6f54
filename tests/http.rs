//! Jobs over HTTP: streams of server-sent events that are taken up again anywhere.
#![allow(clippy::unwrap_used)]

mod served;

use reqwest::Client;
use serde_json::json;
use served::client::{Events, ids, names};
use served::service::{Service, ended, serve, stores};
use stream_events::http::Limits;
use stream_events::{Fields, Publisher};
use support::TestRedis;

/// Rows 41 and 43: cut at each of its events, by either way to say so.
#[tokio::test]
async fn a_stream_taken_up_again_after_any_event_has_each_event_once() {
    let (_redis, stores) = stores("resume");
    for publisher in &stores {
        let written = ended(publisher, "job_001").await;
        let service = serve(publisher, Limits::default()).await;
        let url = service.url("/jobs/job_001/stream");
        for cut in 0..=written.len() {
            let mut first = Events::open(&url).await;
            let mut seen = Vec::new();
            for id in &written[..cut] {
                let frame = first.next().await.unwrap();
                assert!(frame.is_of(id), "{frame:?}");
                seen.push(frame);
            }
            let last = first.last_id.clone();
            drop(first);
            let request = Client::new().get(&url).header("Last-Event-ID", &last);
            if cut == written.len() {
                assert_eq!(request.send().await.unwrap().status(), 204);
                let after = format!("{url}?after={last}");
                assert_eq!(Client::new().get(after).send().await.unwrap().status(), 204);
                continue;
            }
            let by_parameter = Events::open(&format!("{url}?after={last}")).await;
            let rest = Events::of(request).await.rest().await;
            assert_eq!(by_parameter.rest().await, rest);
            seen.extend(rest);
            let end = seen.pop().unwrap();
            assert_eq!(
                (&*end.name, end.id, &end.data),
                ("end", None, &json!({"job_id": "job_001"}))
            );
            assert_eq!(ids(&seen), written);
            assert_eq!(
                names(&seen),
                ["task_started", "row", "row", "row", "task_completed"]
            );
        }
    }
}

#[tokio::test]
async fn a_stream_goes_on_from_history_to_what_comes() {
    let (_redis, stores) = stores("live");
    for publisher in &stores {
        let service = serve(publisher, Limits::default()).await;
        // It does not exist yet.
        let mut events = Events::open(&service.url("/jobs/job_001/stream")).await;
        let job = publisher.job("job_001", "import").unwrap();
        assert_eq!(events.next().await.unwrap().name, "task_started");
        for n in 0..20 {
            job.emit("row", Fields::new().field("n", &n));
            let frame = events.next().await.unwrap();
            assert_eq!((&*frame.name, &frame.data["data"]["n"]), ("row", &json!(n)));
        }
        job.failed("no more");
        let rest = events.rest().await;
        assert_eq!(names(&rest), ["task_failed", "end"]);
    }
}

#[tokio::test]
async fn what_is_missing_is_a_frame_without_an_id() {
    let redis = TestRedis::start();
    for (kind, seq) in [("task_started", 0), ("task_completed", 4)] {
        let data = json!({"event_type": kind, "run": "r1", "seq": seq}).to_string();
        let mut add = redis::cmd("XADD");
        add.arg("job_events:job_001").arg("*").arg("data").arg(data);
        add.arg("timestamp").arg("").arg("event_type").arg(kind);
        add.exec(&mut redis.client()).unwrap();
    }
    let service = Service::open(&redis.url()).await;
    let stream = Events::open(&service.url("/jobs/job_001/stream")).await;
    let frames = stream.rest().await;
    assert_eq!(
        names(&frames),
        ["task_started", "gap", "task_completed", "end"]
    );
    let gap = &frames[1];
    assert_eq!(gap.id, None);
    for (key, value) in [
        ("job_id", json!("job_001")),
        ("run", json!("r1")),
        ("first", json!(1)),
        ("count", json!(3)),
    ] {
        assert_eq!(gap.data[key], value, "{gap:?}");
    }
}

/// Cut at each of their events, of two jobs that have ended and one that goes on.
#[tokio::test]
async fn a_stream_of_several_jobs_is_taken_up_again_by_one_cursor() {
    let (_redis, stores) = stores("several");
    for publisher in &stores {
        let written = [ended(publisher, "a").await, ended(publisher, "b").await];
        let service = serve(publisher, Limits::default()).await;
        let url = service.url("/stream?job_id=b&job_id=a");
        for cut in 0..=10 {
            let mut first = Events::open(&url).await;
            let mut seen = Vec::new();
            while ids(&seen).len() < cut {
                seen.push(first.next().await.unwrap());
            }
            let last = first.last_id.clone();
            let after = if cut == 0 {
                String::new()
            } else {
                format!("&after={last}")
            };
            let again = Client::new().get(format!("{url}{after}"));
            if cut == 10 {
                assert_eq!(again.send().await.unwrap().status(), 204);
            } else {
                seen.extend(Events::of(again).await.rest().await);
            }
            for (job, written) in ["a", "b"].iter().zip(&written) {
                let of_job: Vec<_> = seen
                    .iter()
                    .filter(|frame| frame.data["job_id"] == *job)
                    .cloned()
                    .collect();
                assert_eq!(ids(&of_job), *written, "{job} cut at {cut}");
            }
        }
        let job = publisher.job("c", "t").unwrap();
        let mut events = Events::open(&service.url("/stream?job_id=a&job_id=c&job_id=b")).await;
        let mut seen = Vec::new();
        while seen.len() < 13 {
            seen.push(events.next().await.unwrap());
        }
        job.completed(&());
        seen.extend(events.rest().await);
        assert_eq!(
            names(&seen).iter().filter(|name| **name == "end").count(),
            3
        );
        assert_eq!(seen.last().unwrap().data["job_id"], "c");
        let cursor = seen
            .iter()
            .rev()
            .find_map(|frame| frame.id.clone())
            .unwrap();
        let ends = [&written[0][4], &written[1][4]];
        assert!(
            cursor.starts_with(ends[0]) && cursor.ends_with(ends[1]),
            "{cursor}"
        );
        assert_eq!(cursor.split(',').count(), 3);
    }
}

/// Row 46: what is not 200 would end a browser's `EventSource` for good.
#[tokio::test]
async fn a_client_that_comes_back_while_the_store_is_away_waits_for_it() {
    let mut redis = TestRedis::with_aof();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let written = ended(&publisher, "job_001").await;
    let service = serve(&publisher, Limits::default()).await;
    redis.kill();
    let again = Client::new().get(service.url("/jobs/job_001/stream"));
    let events = Events::of(again.header("Last-Event-ID", &written[1])).await;
    redis.restart();
    assert_eq!(ids(&events.rest().await), written[2..]);
}
