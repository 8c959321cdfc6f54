//! One URL takes the examples from memory to a server, and from there to a cluster.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use stream_events::Publisher;
use support::{RawEntry, TestCluster, TestRedis};

use crate::program::{DOCUMENT, Ended, Example, ROOT, events_of, file};

const MEMORY: &str = "memory:";
/// Those that end by themselves.
const ENDING: [&str; 6] = [
    "readme",
    "quickstart",
    "outline_generation",
    "document_generation",
    "manual_job",
    "by_hand",
];
/// Those that serve jobs, of which the last two run some themselves.
const SERVING: [&str; 5] = [
    "http_bearer",
    "http_session",
    "http_ticket",
    "from_axum",
    "job_page",
];
/// Those that read what others write, which is never in a memory of their own.
const READING: [&str; 2] = ["live_feed", "failures"];

/// Those that end by themselves, each with what it works on.
fn run(url: &str) -> Vec<Ended> {
    let (folder, path) = file(DOCUMENT);
    let [page, spool] = ["page.html", "spool"].map(|name| folder.path().join(name));
    let [page, spool] = [&page, &spool].map(|path| path.to_str().unwrap());
    let arguments: [&[&str]; 6] = [
        &[],
        &[&path],
        &[&path, "missing.md"],
        &[&path, page],
        &[&path],
        &[url, spool, &path],
    ];
    let run = |(name, arguments): (&str, &[&str])| {
        let ended = Example::with(name, arguments, &[("STREAM_EVENTS_URL", url.to_owned())]).end();
        assert!(ended.is_success, "{name} on {url}: {}", ended.log);
        ended
    };
    ENDING.into_iter().zip(arguments).map(run).collect()
}

/// What came of it, but for what is of one run or one moment.
fn outcomes(ended: &[Ended]) -> Vec<Vec<String>> {
    let kinds = |ended: &Ended| {
        let events = ended.events();
        let lasting = events
            .into_iter()
            .filter(|(_, kind, _)| kind != "task_progress");
        lasting.map(|(_, kind, _)| kind).collect()
    };
    ended.iter().map(kinds).collect()
}

/// The stream of each job has what was printed of it.
fn stands(ended: &[Ended], entries: impl Fn(&str) -> Vec<RawEntry>) {
    let mut jobs = 0;
    for ended in ended {
        let printed = ended.events();
        for job in printed.iter().map(|event| &event.2["job_id"]) {
            let of_job = printed.iter().filter(|event| event.2["job_id"] == *job);
            let of_job: Vec<_> = of_job.cloned().collect();
            let job = job.as_str().unwrap();
            assert_eq!(
                events_of(job, entries(&format!("job_events:{job}"))),
                of_job
            );
            jobs += 1;
        }
    }
    assert!(jobs > 4, "{jobs}");
}

#[test]
fn one_url_takes_each_example_from_memory_to_a_server_and_to_a_cluster() {
    let in_memory = outcomes(&run(MEMORY));
    assert!(in_memory.iter().flatten().count() > 10, "{in_memory:?}");
    let redis = TestRedis::start();
    let on_redis = run(&redis.url());
    assert_eq!(outcomes(&on_redis), in_memory);
    stands(&on_redis, |key| redis.entries(key));
    let cluster = TestCluster::start(3, 0);
    let on_cluster = run(&cluster.url());
    assert_eq!(outcomes(&on_cluster), in_memory);
    stands(&on_cluster, |key| cluster.entries(key));
}

/// A service with this store, and where it is.
fn serve(name: &str, store: &str, variable: &str, value: &str) -> (Example, String) {
    let environment = [
        ("STREAM_EVENTS_URL", store.to_owned()),
        (variable, value.to_owned()),
    ];
    let service = Example::with(name, &[], &environment);
    let url = service.line().unwrap();
    (service, url)
}

/// The stream of a job that has failed, to its end; in memory, where nobody else can put it, it is waited for.
async fn is_whole(store: &str, stream: RequestBuilder) {
    let answer = stream.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{store}");
    if store == MEMORY {
        return;
    }
    let text = answer.text().await.unwrap();
    let frames: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("event: "))
        .collect();
    let expected = ["event: task_started", "event: task_failed", "event: end"];
    assert_eq!(frames, expected, "{text}");
}

async fn are_pushed(store: &str) {
    let stream = |url: &str| format!("{url}/jobs/alice.1/stream");
    let client = Client::new();
    let [bearer, session, ticket, ..] = SERVING;
    let (_bearer, url) = serve(bearer, store, "API_TOKENS", "alice:s3cret");
    is_whole(store, client.get(stream(&url)).bearer_auth("s3cret")).await;

    let (_session, url) = serve(session, store, "PASSWORD", "s3cret");
    let login = client.post(format!("{url}/login")).body("s3cret");
    let login = login.send().await.unwrap();
    let cookie = login.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let events = client.get(stream(&format!("{url}/events")));
    is_whole(store, events.header("cookie", cookie)).await;

    let (_ticket, url) = serve(ticket, store, "API_TOKEN", "s3cret");
    let ticket = client.post(format!("{url}/ticket")).bearer_auth("s3cret");
    let ticket = ticket.send().await.unwrap().text().await.unwrap();
    let events = client.get(format!("{}?ticket={ticket}", stream(&url)));
    is_whole(store, events).await;
}

/// Asks until this is in the answer.
async fn comes_to_say(url: &str, what: &str) {
    let begun = Instant::now();
    loop {
        let answer = Client::new().get(url).send().await.unwrap();
        let text = answer.text().await.unwrap();
        if text.contains(what) {
            return;
        }
        assert!(begun.elapsed() < LIMIT, "no {what} in {text}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

const LIMIT: Duration = Duration::from_secs(30);

/// Those that run jobs themselves: what they serve is from the store.
async fn run_jobs(store: &str) {
    let [.., outlines, page] = SERVING;
    let (_service, url) = serve(outlines, store, "NONE", "");
    let outline = Client::new().post(format!("{url}/outlines")).body(DOCUMENT);
    let answer = outline.send().await.unwrap().text().await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let job = answer["job_id"].as_str().unwrap();
    comes_to_say(&format!("{url}/outlines/{job}"), "task_completed").await;

    let (_page, url) = serve(page, store, "NONE", "");
    let (url, job) = url.split_once("/?job=").unwrap();
    let page = Client::new().get(url).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("<html"));
    let state = format!("{url}/events/jobs/{job}");
    comes_to_say(&state, r#""status":"running""#).await;
}

async fn serve_alike(store: &str) {
    let publisher = Publisher::connect(store).unwrap();
    publisher
        .job("alice.1", "import")
        .unwrap()
        .failed("no more paper");
    assert!(publisher.flush(Duration::from_secs(30)).await.complete);
    let environment = [("STREAM_EVENTS_URL", store.to_owned())];
    let [feed, failures] = READING;
    let feed = Example::with(feed, &["alice.1"], &environment).end();
    assert_eq!(
        (feed.is_success, feed.lines.len()),
        (true, 2),
        "{}",
        feed.log
    );
    let failures = Example::with(failures, &[], &environment);
    assert_eq!(failures.line().unwrap(), "before: alice.1: no more paper");
    are_pushed(store).await;
    run_jobs(store).await;
}

#[test]
fn no_example_is_left_out() {
    let files = fs::read_dir(Path::new(ROOT).join("examples")).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let names = paths.filter(|path| path.extension().is_some_and(|end| end == "rs"));
    let names: BTreeSet<_> = names
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let tested = ENDING.iter().chain(&SERVING).chain(&READING);
    assert_eq!(names, tested.map(ToString::to_string).collect());
}

#[tokio::test]
async fn services_have_jobs_of_their_own_in_memory_too() {
    are_pushed(MEMORY).await;
    run_jobs(MEMORY).await;
}

#[tokio::test]
async fn services_are_on_a_server_what_they_are_on_a_cluster() {
    serve_alike(&TestRedis::start().url()).await;
    serve_alike(&TestCluster::start(3, 0).url()).await;
}
