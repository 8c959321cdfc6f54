//! Jobs over HTTP: who sees nothing, at once and later.
#![allow(clippy::unwrap_used)]

mod served;

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use served::client::{Events, answer, get, names, request};
use served::service::rows::flushed;
use served::service::{Guard, SHORT, Service, guarded, job, wait_until};
use stream_events::http::{
    AUTHORIZE_TIMEOUT, Access, Api, Asked, Authorize, Denied, Grant, Limits,
};
use stream_events::{Fields, Publisher, Reader};
use tokio::sync::Notify;

/// All that an answer says, but for the time of day.
async fn all_of(request: RequestBuilder) -> (u16, Vec<(String, String)>, String) {
    let answer = request.send().await.unwrap();
    let headers = answer.headers().iter();
    let text = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        (name.to_string(), value.to_str().unwrap().to_owned())
    };
    let headers = headers
        .map(text)
        .filter(|(name, _)| name != "date")
        .collect();
    (
        answer.status().as_u16(),
        headers,
        answer.text().await.unwrap(),
    )
}

#[tokio::test]
async fn who_is_not_let_in_learns_nothing_not_even_whether_a_job_exists() {
    let publisher = Publisher::connect("memory:http:nothing").unwrap();
    let _job = job(&publisher, "alice_1").await;
    let service = guarded(&publisher, &Guard::default(), Limits::default()).await;
    let there = all_of(request(
        &service,
        &Method::GET,
        "/jobs/alice_1/events",
        Some("bob"),
    ))
    .await;
    assert_eq!(there.0, 404);
    for job in ["alice_1", "alice_2", "carol_1"] {
        for token in [None, Some("bob"), Some("")] {
            for (method, path) in [
                (Method::GET, format!("/jobs/{job}")),
                (Method::GET, format!("/jobs/{job}/events")),
                (Method::GET, format!("/jobs/{job}/events?after=$&limit=x")),
                (Method::GET, format!("/jobs/{job}/stream")),
                (Method::GET, format!("/jobs/{job}/stream?after=$")),
                (Method::GET, format!("/stream?job_id={job}")),
                (
                    Method::GET,
                    format!("/stream?job_id=bob_1&job_id={job}&after=5-1"),
                ),
                (Method::POST, format!("/jobs/{job}/events")),
            ] {
                let found = all_of(request(&service, &method, &path, token)).await;
                assert_eq!(found, there, "{method} {path} {token:?}");
            }
        }
    }
    let own = request(
        &service,
        &Method::GET,
        "/jobs/alice_1/events",
        Some("alice"),
    );
    let (status, ..) = answer(own).await;
    assert_eq!(status, 200);
}

/// Its own jobs, also of a list.
fn of_alice(asked: Asked<'_>) -> Result<Grant, Denied> {
    match asked.access {
        Access::Jobs => Ok(Grant::to("alice").jobs(|job| job.job_id.starts_with("alice"))),
        Access::Job(job) if job.as_str().starts_with("alice") => Ok(Grant::to("alice")),
        _ => Err(Denied::NotFound),
    }
}

#[tokio::test]
async fn a_job_does_not_name_those_within_it_that_one_may_not_see() {
    let publisher = Publisher::connect("memory:http:children").unwrap();
    let _parent = job(&publisher, "alice_1").await;
    let parent = "alice_1".try_into().unwrap();
    for child in ["bob_1", "alice_2"] {
        let child = publisher.job_builder(child, "import").unwrap();
        child.parent(&parent).start().unwrap().completed(&());
        flushed(&publisher).await;
    }
    let reader = publisher.reader();
    let all = reader.state("alice_1").await.unwrap().unwrap().children;
    assert_eq!(all.len(), 2);
    let service = Service::of(Api::builder(reader, of_alice)).await;
    let (_, _, state) = get(&service.url("/jobs/alice_1")).await;
    assert_eq!(state["children"], json!(["alice_2"]));
    let (_, _, page) = get(&service.url("/jobs?q=job:alice_1")).await;
    assert_eq!(page["jobs"][0]["children"], json!(["alice_2"]));
}

/// So that no time that an answer takes tells of a job: the store is a port where nobody answers.
#[tokio::test]
async fn nothing_is_read_before_it_is_known_who_asks() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}/", silent.local_addr().unwrap());
    let publisher = Publisher::connect(url).unwrap();
    let guard = Guard::default();
    let service = guarded(&publisher, &guard, Limits::default()).await;
    for (method, path) in [
        (Method::GET, "/jobs/alice_1"),
        (Method::HEAD, "/jobs/alice_1"),
        (Method::GET, "/jobs/alice_1/events"),
        (Method::HEAD, "/jobs/alice_1/events"),
        (Method::GET, "/jobs/alice_1/stream"),
        (Method::HEAD, "/jobs/alice_1/stream"),
        (Method::GET, "/stream?job_id=alice_1&after=5-1"),
        (Method::POST, "/jobs/alice_1/events"),
    ] {
        // Less than the store is waited for.
        let refused = tokio::time::timeout(
            Duration::from_secs(4),
            all_of(request(&service, &method, path, Some("bob"))),
        );
        assert_eq!(refused.await.expect("at once").0, 404, "{method} {path}");
    }
    assert_eq!(guard.asked(), 8);
}

#[tokio::test]
async fn a_stream_ends_when_its_grant_is_withdrawn() {
    let publisher = Publisher::connect("memory:http:withdrawn").unwrap();
    let job = job(&publisher, "alice_1").await;
    let guard = Guard::default();
    let limits = Limits::default().ask_again(SHORT);
    let service = guarded(&publisher, &guard, limits).await;
    let path = "/stream?job_id=alice_1&job_id=alice_2";
    let mut events = Events::of(request(&service, &Method::GET, path, Some("alice"))).await;
    let mut names_seen = Vec::new();
    for _ in 0..2 {
        names_seen.push(events.next().await.unwrap().name);
    }
    assert_eq!(names_seen, ["task_started", "row"]);
    let before = guard.asked();
    wait_until(|| guard.asked() > before + 4).await;
    guard.shut();
    // What comes all the time does not keep it from being asked.
    let frames = loop {
        job.emit("row", Fields::new());
        let frame = events.next().await.expect("it says why it ends");
        if frame.name == "error" {
            break frame;
        }
    };
    assert_eq!(frames.data["status"], 404);
    assert_eq!(events.next().await, None);
    // And where nothing comes.
    let quiet = Guard::default();
    let limits = Limits::default().ask_again(SHORT);
    let service = guarded(&publisher, &quiet, limits).await;
    let events = Events::of(request(
        &service,
        &Method::GET,
        "/jobs/alice_9/stream",
        Some("alice"),
    ));
    let events = events.await;
    quiet.go_away();
    let rest = events.rest().await;
    assert_eq!(
        (names(&rest), &rest[0].data["status"]),
        (vec!["error"], &Value::from(503))
    );
}

/// Grants for a moment, once, and not again.
struct Once;

impl Authorize for Once {
    async fn authorize(&self, asked: Asked<'_>) -> Result<Grant, Denied> {
        match asked.before {
            None => Ok(Grant::to("alice").validity(SHORT)),
            Some(before) => {
                assert_eq!(before.caller(), "alice");
                Err(Denied::NotFound)
            }
        }
    }
}

#[tokio::test]
async fn a_grant_is_asked_for_again_when_it_says_so() {
    let reader = Reader::connect("memory:http:validity").unwrap();
    let service = Service::of(Api::builder(reader, Once)).await;
    let begun = Instant::now();
    let rest = Events::open(&service.url("/jobs/a/stream"))
        .await
        .rest()
        .await;
    assert_eq!(names(&rest), ["error"]);
    assert!(begun.elapsed() >= SHORT && begun.elapsed() < Duration::from_secs(10));
}

/// Answers once, and not again; it tells when it is asked again.
struct Stuck(Arc<Notify>);

impl Authorize for Stuck {
    async fn authorize(&self, asked: Asked<'_>) -> Result<Grant, Denied> {
        if asked.before.is_some() {
            self.0.notify_one();
            std::future::pending::<()>().await;
        }
        Ok(Grant::to("alice").validity(SHORT))
    }
}

#[tokio::test]
async fn who_may_see_it_is_not_waited_for_without_end() {
    let publisher = Publisher::connect("memory:http:stuck").unwrap();
    let job = job(&publisher, "a").await;
    let asked = Arc::new(Notify::new());
    let stuck = Stuck(Arc::clone(&asked));
    let service = Service::of(Api::builder(publisher.reader(), stuck)).await;
    let mut events = Events::open(&service.url("/jobs/a/stream")).await;
    assert_eq!(events.next().await.unwrap().name, "task_started");
    assert_eq!(events.next().await.unwrap().name, "row");
    asked.notified().await;
    job.emit("secret", Fields::new());
    // Its time passes.
    tokio::time::pause();
    tokio::time::advance(AUTHORIZE_TIMEOUT).await;
    tokio::time::resume();
    let rest = events.rest().await;
    assert_eq!(
        (names(&rest), &rest[0].data["status"]),
        (vec!["error"], &Value::from(503))
    );
}
