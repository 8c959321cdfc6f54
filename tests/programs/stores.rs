//! One URL takes the examples from memory to a server, and from there to a cluster.

use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use stream_events::{Publisher, Reader};
use support::{RawEntry, TestCluster, TestRedis};

use crate::program::{DOCUMENT, Ended, Example, events_of, file};

/// The examples that end by themselves, each with what it works on.
fn run(url: &str) -> Vec<Ended> {
    let (folder, path) = file(DOCUMENT);
    let [page, spool] = ["page.html", "spool"].map(|name| folder.path().join(name));
    let [page, spool] = [&page, &spool].map(|path| path.to_str().unwrap());
    let examples: [(&str, &[&str]); 6] = [
        ("readme", &[]),
        ("quickstart", &[&path]),
        ("outline_generation", &[&path, "missing.md"]),
        ("document_generation", &[&path, page]),
        ("manual_job", &[&path]),
        ("by_hand", &[url, spool, &path]),
    ];
    let run = |(name, arguments): (&str, &[&str])| {
        let ended = Example::with(name, arguments, &[("STREAM_EVENTS_URL", url.to_owned())]).end();
        assert!(ended.is_success, "{name} on {url}: {}", ended.log);
        ended
    };
    examples.map(run).into()
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
    let in_memory = outcomes(&run("memory:"));
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

/// The stream of a job that has failed, to its end.
async fn is_whole(stream: RequestBuilder) {
    let text = stream.send().await.unwrap().text().await.unwrap();
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
    let (_bearer, url) = serve("http_bearer", store, "API_TOKENS", "alice:s3cret");
    is_whole(client.get(stream(&url)).bearer_auth("s3cret")).await;

    let (_session, url) = serve("http_session", store, "PASSWORD", "s3cret");
    let login = client.post(format!("{url}/login")).body("s3cret");
    let login = login.send().await.unwrap();
    let cookie = login.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap();
    is_whole(
        client
            .get(stream(&format!("{url}/events")))
            .header("cookie", cookie),
    )
    .await;

    let (_ticket, url) = serve("http_ticket", store, "API_TOKEN", "s3cret");
    let ticket = client.post(format!("{url}/ticket")).bearer_auth("s3cret");
    let ticket = ticket.send().await.unwrap().text().await.unwrap();
    is_whole(client.get(format!("{}?ticket={ticket}", stream(&url)))).await;
}

/// Those that run jobs themselves.
async fn run_jobs(store: &str) {
    let (_service, url) = serve("from_axum", store, "NONE", "");
    let outline = Client::new().post(format!("{url}/outlines")).body(DOCUMENT);
    let answer = outline.send().await.unwrap().text().await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let job = answer["job_id"].as_str().unwrap();
    let mut watch = Reader::connect(store).unwrap().watch(job).unwrap();
    while let Some(item) = watch.next().await {
        item.unwrap();
    }

    let (_page, url) = serve("job_page", store, "NONE", "");
    let (url, job) = url.split_once("/?job=").unwrap();
    let page = Client::new().get(url).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("<html"));
    let mut watch = Reader::connect(store).unwrap().watch(job).unwrap();
    watch.next().await.unwrap().unwrap();
    let state = Client::new().get(format!("{url}/events/jobs/{job}"));
    let state = state.send().await.unwrap().text().await.unwrap();
    assert!(state.contains(r#""status":"running""#), "{state}");
}

async fn serve_alike(store: &str) {
    let publisher = Publisher::connect(store).unwrap();
    publisher
        .job("alice.1", "import")
        .unwrap()
        .failed("no more paper");
    assert!(publisher.flush(Duration::from_secs(30)).await.complete);
    let environment = [("STREAM_EVENTS_URL", store.to_owned())];
    let feed = Example::with("live_feed", &["alice.1"], &environment).end();
    assert_eq!(
        (feed.is_success, feed.lines.len()),
        (true, 2),
        "{}",
        feed.log
    );
    let failures = Example::with("failures", &[], &environment);
    assert_eq!(failures.line().unwrap(), "before: alice.1: no more paper");
    are_pushed(store).await;
    run_jobs(store).await;
}

#[tokio::test]
async fn services_are_on_a_server_what_they_are_on_a_cluster() {
    serve_alike(&TestRedis::start().url()).await;
    serve_alike(&TestCluster::start(3, 0).url()).await;
}
