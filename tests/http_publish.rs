//! Jobs over HTTP: events from outside, and what is none, nor any other value that is asked for.
#![allow(clippy::unwrap_used)]

mod served;

use reqwest::Client;
use serde_json::json;
use served::client::{Events, answer, get, names};
use served::service::{Service, open, serve, stores};
use stream_events::http::{Api, Limits};
use stream_events::{EventId, Publisher, Reader};

#[tokio::test]
async fn an_event_from_outside_goes_to_the_jobs_stream_as_publish_event_does() {
    let (_redis, stores) = stores("publish");
    for publisher in &stores {
        let service = serve(publisher, Limits::default()).await;
        let job = publisher.job("job_001", "import").unwrap();
        let event = json!({"event_type": "approved", "by": "老王", "run": "r9", "n": 1.50});
        let request = Client::new().post(service.url("/jobs/job_001/events"));
        let request = request.header("content-type", "application/json; charset=utf-8");
        let (status, kind, said) = answer(request.body(event.to_string())).await;
        assert_eq!((status, &*kind), (201, "application/json"), "{said}");
        let id: EventId = said["id"].as_str().unwrap().parse().unwrap();
        job.completed(&());
        let frames = Events::open(&service.url("/jobs/job_001/stream"))
            .await
            .rest()
            .await;
        assert_eq!(
            names(&frames),
            ["task_started", "approved", "task_completed", "end"]
        );
        let data = &frames[1].data["data"];
        assert_eq!(frames[1].data["id"], id.to_string());
        assert_eq!((&data["by"], &data["run_"]), (&json!("老王"), &json!("r9")));
        assert_eq!(data["run"], frames[0].data["data"]["run"]);
    }
}

#[tokio::test]
async fn what_is_no_event_of_ones_own_is_refused_by_name() {
    let publisher = Publisher::connect("memory:http:refused").unwrap();
    let service = serve(&publisher, Limits::default().body(1000)).await;
    let post = |body: String| {
        let request = Client::new().post(service.url("/jobs/job_001/events"));
        answer(
            request
                .header("content-type", "application/json")
                .body(body),
        )
    };
    let deep = "[".repeat(400) + &"]".repeat(400);
    let deep = format!(r#"{{"event_type":"a","b":{deep}}}"#);
    for (body, status, why) in [
        (
            r#"{"event_type":"task_completed"}"#,
            400,
            "`task_completed` is what a run says of itself",
        ),
        (r#"{"event_type":"task_started"}"#, 400, "`task_started`"),
        (r#"{"event_type":"task_failed"}"#, 400, "`task_failed`"),
        (r#"{"event_type":"task_progress"}"#, 400, "`task_progress`"),
        (r#"{"event_type":"task_resumed"}"#, 400, "`task_resumed`"),
        (
            r#"{"event_type":"a\nb"}"#,
            400,
            "without control characters",
        ),
        (r#"{"event_type":7}"#, 400, "`event_type` of the event is 7"),
        (r#"{"x":1}"#, 400, "an event has an `event_type`"),
        ("[]", 400, "an event is a JSON object"),
        ("null", 400, "an event is a JSON object"),
        (&deep, 400, "deeper than 100 levels"),
        ("{", 400, "no JSON"),
        ("\u{feff}{}", 400, "no JSON"),
        ("", 400, "no JSON"),
        (
            &format!(r#"{{"event_type":"{}"}}"#, "x".repeat(300)),
            400,
            "it may have 256",
        ),
        (
            &format!(r#"{{"event_type":"a","b":"{}"}}"#, "x".repeat(1000)),
            413,
            "more than 1000 bytes",
        ),
    ] {
        let (found, kind, problem) = post(body.to_owned()).await;
        assert_eq!(
            (found, &*kind),
            (status, "application/problem+json"),
            "{body}"
        );
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(why), "{body}: {detail}");
    }
    assert_eq!(publisher.stream_length("job_001").await.unwrap(), 0);
}

/// What is too large for an event, where the body may be larger.
#[tokio::test]
async fn an_event_that_is_too_large_or_has_no_type_of_content_is_refused() {
    let publisher = Publisher::connect("memory:http:too_large").unwrap();
    let service = serve(&publisher, Limits::default().body(1024 * 1024)).await;
    let body = format!(r#"{{"event_type":"a","b":"{}"}}"#, "x".repeat(300_000));
    let post = Client::new().post(service.url("/jobs/job_001/events"));
    let request = post
        .try_clone()
        .unwrap()
        .header("content-type", "application/json")
        .body(body);
    let (status, _, problem) = answer(request).await;
    assert_eq!(status, 413, "{problem}");
    for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let request = post.try_clone().unwrap().header("content-type", kind);
        let (status, _, problem) = answer(request.body(r#"{"event_type":"a"}"#)).await;
        assert_eq!(
            (status, problem["status"].as_u64()),
            (415, Some(415)),
            "{kind}"
        );
    }
    let without = Service::of(Api::builder(publisher.reader(), open)).await;
    let post = Client::new()
        .post(without.url("/jobs/job_001/events"))
        .body("{}");
    let (status, kind, _) = answer(post).await;
    assert_eq!((status, &*kind), (405, "application/problem+json"));
}

#[tokio::test]
async fn values_that_are_none_are_named_before_anything_is_read() {
    // Nobody is there: what reached the store would be answered 503.
    let reader = Reader::connect(format!("redis://127.0.0.1:{}/", support::free_port())).unwrap();
    let service =
        Service::of(Api::builder(reader, open).limits(Limits::default().jobs(3).page(50))).await;
    let long = "x".repeat(300);
    let deep = "1".repeat(33_000);
    for (path, status, why) in [
        ("/jobs/a%7Bb/events", 400, r#"the job id "a{b" holds '{'"#),
        (
            "/jobs/a%0D%0Ab/stream",
            400,
            r#"the job id "a\r\nb" holds '\r'"#,
        ),
        ("/jobs/%FF/stream", 400, "no text in UTF-8"),
        (&format!("/jobs/{long}/stream"), 400, "has 300 bytes"),
        ("/jobs/a/events?after=$", 400, r#""$" is no event id"#),
        (
            "/jobs/a/events?after=5-1&after=5-2",
            400,
            "`after` is given more than once",
        ),
        (
            "/jobs/a/events?limit=0",
            400,
            r#"the `limit` "0" is no number from 1 to 50"#,
        ),
        ("/jobs/a/events?limit=51", 400, "51"),
        ("/jobs/a/events?limit=-1", 400, "-1"),
        ("/jobs/a/stream?after=%2B", 400, r#""+" is no event id"#),
        (
            "/jobs/a/stream?after=5-1,5-1",
            400,
            "is of a stream of 2 jobs, and this is one of 1",
        ),
        (&format!("/jobs/a/stream?after={long}"), 400, "at most 41"),
        ("/stream", 400, "the stream is of 0 jobs"),
        (
            "/stream?job_id=a&job_id=b&job_id=c&job_id=d",
            400,
            "1 to 3 times",
        ),
        (
            "/stream?job_id=a&job_id=a",
            400,
            r#"the job "a" is given more than once"#,
        ),
        ("/stream?job_id=a&job_id=", 400, r#"the job id "" is empty"#),
        (
            &format!("/stream?job_id=a&q={deep}"),
            414,
            "more than 32768 bytes",
        ),
    ] {
        let (found, kind, problem) = get(&service.url(path)).await;
        assert_eq!(
            (found, &*kind),
            (status, "application/problem+json"),
            "{path}: {problem}"
        );
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            detail.contains(why) && detail.len() < 300,
            "{path}: {detail}"
        );
        assert_eq!(
            (&problem["type"], problem["status"].as_u64()),
            (&json!("about:blank"), Some(status.into()))
        );
    }
    for last in [&b"$"[..], b"5", b"\xff", b"1-1,1-1"] {
        let request = Client::new().get(service.url("/jobs/a/stream?after=5-1"));
        let (status, _, problem) = answer(request.header("Last-Event-ID", last)).await;
        assert_eq!(status, 400, "{problem}");
    }
    let (status, _, problem) = get(&service.url("/jobs/a/events")).await;
    assert_eq!(status, 503);
    assert!(!problem.to_string().contains("127.0.0.1"), "{problem}");
}
