//! Jobs over HTTP: what a job was, again.
#![allow(clippy::unwrap_used)]

mod served;

use reqwest::{Client, Method};
use serde_json::json;
use served::client::{Events, answer, get, ids, messages, names, request};
use served::service::{Guard, SHORT, Service, ended, guarded, serve, stores};
use stream_events::Publisher;
use stream_events::http::Limits;
use support::TestRedis;

#[tokio::test]
async fn a_replay_is_what_the_stream_was_over_either_way() {
    let (_redis, stores) = stores("replay");
    for publisher in &stores {
        ended(publisher, "job_001").await;
        let service = serve(publisher, Limits::default()).await;
        let stream = Events::open(&service.url("/jobs/job_001/stream")).await;
        let stream = stream.rest().await;
        let path = "/jobs/job_001/replay?speed=Infinity";
        let replay = Events::open(&service.url(path)).await.rest().await;
        assert_eq!(names(&replay).last(), Some(&"end"));
        assert_eq!(replay, stream);
        let said = messages(&service, path, 100).await;
        assert_eq!(said, messages(&service, "/jobs/job_001/stream", 100).await);
        assert_eq!(said.len(), 6);
    }
}

/// Cut at each of its events, by either way to say so.
#[tokio::test]
async fn a_replay_taken_up_again_after_any_event_has_each_event_once() {
    let (_redis, stores) = stores("replay:resume");
    for publisher in &stores {
        let written = ended(publisher, "job_001").await;
        let service = serve(publisher, Limits::default()).await;
        let url = service.url("/jobs/job_001/replay?speed=1000");
        for cut in 1..written.len() {
            let mut first = Events::open(&url).await;
            for id in &written[..cut] {
                let frame = first.next().await.unwrap();
                assert!(frame.is_of(id), "{frame:?}");
            }
            let last = first.last_id.clone();
            drop(first);
            let request = Client::new().get(&url).header("Last-Event-ID", &last);
            let rest = Events::of(request).await.rest().await;
            assert_eq!(ids(&rest), written[cut..]);
            assert_eq!(rest.last().unwrap().data, json!({"job_id": "job_001"}));
            let by_parameter = Events::open(&format!("{url}&after={last}")).await;
            assert_eq!(by_parameter.rest().await, rest);
        }
        let again = Client::new().get(&url).header("Last-Event-ID", &written[4]);
        assert_eq!(again.send().await.unwrap().status(), 204);
    }
}

/// Three events, an hour from each other; the second's seq is not the next.
fn slow(redis: &TestRedis) -> [String; 3] {
    let hour = |n: u64| format!("{}-0", 1 + n * 3_600_000);
    for (n, seq, kind) in [
        (0, 0, "task_started"),
        (1, 4, "row"),
        (2, 5, "task_completed"),
    ] {
        let data = json!({"event_type": kind, "run": "r1", "seq": seq}).to_string();
        let entry = ["data", &data, "timestamp", "", "event_type", kind];
        redis.run(&[&["XADD", "job_events:slow", &hour(n)], &entry[..]].concat());
    }
    [0, 1, 2].map(hour)
}

/// An hour is one: until then the server says that it is there.
async fn waits(events: &mut Events) {
    let before = events.source.comments;
    let next = tokio::time::timeout(SHORT * 4, events.message()).await;
    assert!(next.is_err(), "{next:?}");
    assert!(events.source.comments > before);
}

#[tokio::test]
async fn events_come_as_far_from_each_other_as_they_were_times_the_speed() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let ids = slow(&redis);
    let limits = Limits::default().keep_alive(SHORT / 4);
    let service = serve(&publisher, limits).await;
    let url = service.url("/jobs/slow/replay");
    for speed in ["", "?speed=", "?speed=1", "?speed=0.5", "?speed=10"] {
        let mut events = Events::open(&format!("{url}{speed}")).await;
        assert!(events.next().await.unwrap().is_of(&ids[0]));
        waits(&mut events).await;
    }
    for speed in ["36e5", "1e300", "Infinity", "inf"] {
        let frames = Events::open(&format!("{url}?speed={speed}")).await;
        let frames = frames.rest().await;
        let expected = ["task_started", "gap", "row", "task_completed", "end"];
        assert_eq!(names(&frames), expected, "{speed}");
        assert_eq!(
            (&frames[1].id, &frames[1].data["count"]),
            (&None, &json!(3))
        );
    }
}

/// Otherwise a client whose connections do not last for a pause would never see the end.
#[tokio::test]
async fn a_replay_that_is_taken_up_again_begins_at_once() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let ids = slow(&redis);
    // Ample for what is there to come before it ends.
    let limits = Limits::default().lifetime(SHORT * 10).keep_alive(SHORT / 4);
    let service = serve(&publisher, limits).await;
    let url = service.url("/jobs/slow/replay");
    let mut last = String::new();
    for expected in [
        &["task_started", "bye"][..],
        &["gap", "row", "bye"],
        &["task_completed", "end"],
    ] {
        let request = Client::new().get(&url).header("Last-Event-ID", &last);
        let mut events = Events::of(request).await;
        let mut frames = Vec::new();
        while let Some(frame) = events.next().await {
            frames.push(frame);
        }
        assert_eq!(names(&frames), expected);
        last = events.source.last_id.clone();
    }
    assert_eq!(last, ids[2]);
    // So does one of which little is asked for.
    for (query, expected) in [
        ("type:row", ["gap", "row", "end"]),
        ("type:task_completed", ["gap", "task_completed", "end"]),
    ] {
        let frames = Events::open(&format!("{url}?q={query}")).await.rest().await;
        assert_eq!(names(&frames), expected);
    }
}

#[tokio::test]
async fn a_speed_that_is_none_is_named() {
    let publisher = Publisher::connect("memory:http:speeds").unwrap();
    let service = serve(&publisher, Limits::default()).await;
    let long = "9".repeat(5000) + "x";
    for speed in [
        "0",
        "-1",
        "fast",
        "NaN",
        "1,5",
        "-Infinity",
        "1e-400",
        &long,
    ] {
        let path = format!("/jobs/job_001/replay?speed={speed}");
        let (status, kind, problem) = get(&service.url(&path)).await;
        assert_eq!(
            (status, &*kind),
            (400, "application/problem+json"),
            "{speed}"
        );
        let detail = problem["detail"].as_str().unwrap();
        let named = format!("the `speed` \"{}", &speed[..speed.len().min(9)]);
        assert!(detail.starts_with(&named), "{detail}");
        assert!(
            detail.contains("number above 0, such as `0.5`, `10` or `Infinity`")
                && detail.len() < 300,
            "{detail}"
        );
    }
    let (status, _, problem) = get(&service.url("/jobs/a/replay?speed=1&speed=2")).await;
    assert_eq!(status, 400);
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("`speed` is given more than once"),
        "{detail}"
    );
}

#[tokio::test]
async fn a_job_that_is_not_there_is_not_waited_for_and_one_that_is_gone_is_told_once() {
    let (redis, stores) = stores("replay:gone");
    for publisher in &stores {
        let service = serve(publisher, Limits::default()).await;
        let (status, _, problem) = get(&service.url("/jobs/none/replay")).await;
        assert_eq!(status, 404, "{problem}");
    }
    let service = serve(&stores[0], Limits::default()).await;
    let written = ended(&stores[0], "job_001").await;
    redis.run(&["DEL", "job_events:job_001"]);
    let url = service.url("/jobs/job_001/replay");
    let mut events = Events::open(&format!("{url}?after={}", written[1])).await;
    let gap = events.next().await.unwrap();
    assert_eq!((&*gap.name, &gap.data["why"]), ("gap", &json!("expired")));
    assert_eq!(events.next().await.unwrap().name, "end");
    assert_eq!(events.next().await, None);
    let last = &events.source.last_id;
    assert_eq!(*last, format!("{}.gone", written[1]));
    let again = Client::new().get(&url).header("Last-Event-ID", last);
    assert_eq!(again.send().await.unwrap().status(), 204);
    // There is another one since.
    let again = Client::new().get(&url).header("Last-Event-ID", last);
    let fresh = ended(&stores[0], "job_001").await;
    assert_eq!(ids(&Events::of(again).await.rest().await), fresh);
}

#[tokio::test]
async fn a_replay_is_for_those_who_may_see_the_job_and_as_long_as_they_may() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    slow(&redis);
    let guard = Guard::default();
    let limits = Limits::default().ask_again(SHORT);
    let service = guarded(&publisher, &guard, limits).await;
    let ask = |path, token| request(&service, &Method::GET, path, token);
    let (_, _, unknown) = answer(ask("/jobs/slower/replay", Some("slow"))).await;
    for (path, token) in [
        ("/jobs/slow/replay", None),
        ("/jobs/slow/replay", Some("other")),
        ("/jobs/slower/replay", Some("other")),
    ] {
        let (status, _, problem) = answer(ask(path, token)).await;
        assert_eq!((status, &problem), (404, &unknown), "{path}");
    }
    let mut events = Events::of(ask("/jobs/slow/replay", Some("slow"))).await;
    assert_eq!(events.next().await.unwrap().name, "task_started");
    guard.shut();
    let last = events.next().await.unwrap();
    assert_eq!((&*last.name, &last.data["status"]), ("error", &json!(404)));
    assert_eq!(events.next().await, None);
}

/// The server that is asked again while the store is away says so within the stream: a browser comes back then.
#[tokio::test]
async fn who_comes_back_while_the_store_is_away_may_come_back_again() {
    let mut redis = TestRedis::with_aof();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let written = ended(&publisher, "job_001").await;
    let service = Service::open(&redis.url()).await;
    redis.kill();
    let again = || {
        let request = Client::new().get(service.url("/jobs/job_001/replay"));
        request.header("Last-Event-ID", &written[1])
    };
    let frames = Events::of(again()).await.rest().await;
    assert_eq!(names(&frames), ["error"]);
    assert!(frames[0].data["status"].as_u64() >= Some(500), "{frames:?}");
    redis.restart();
    assert_eq!(ids(&Events::of(again()).await.rest().await), written[2..]);
}
