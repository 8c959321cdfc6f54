//! The Python of `examples/clients`, as anyone would run it: on Redis itself, and over HTTP.
#![allow(clippy::unwrap_used)]

#[path = "programs/program.rs"]
#[allow(dead_code, reason = "the examples' tests need more of it")]
mod program;
mod redis_py;

use std::path::Path;

use stream_events::{Fields, Job, Progress, Publisher};
use support::{Door, End, MASTER, Proxy, Sentinel, TestCluster, TestRedis, free_port};

use program::{Example, ROOT, stream};
use redis_py::interpreter;

fn client(name: &str, arguments: &[&str]) -> Example {
    let mut command = interpreter();
    command.arg(Path::new(ROOT).join("examples/clients").join(name));
    command.args(arguments);
    Example::start(command, &[])
}

fn begun(redis: &TestRedis) -> Job {
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "import").unwrap();
    job.progress(Progress::new("正在读取").percent(10.0));
    job
}

/// What has to be printed: each event of the stream, once, in its order.
fn is_all(seen: &[String], redis: &TestRedis) {
    let ids: Vec<_> = seen
        .iter()
        .filter_map(|line| line.split(' ').next())
        .collect();
    let stream = stream(redis, "job_001");
    let expected: Vec<_> = stream.iter().map(|(id, ..)| id.as_str()).collect();
    assert_eq!(ids, expected);
    assert!(
        seen.iter().any(|line| line.contains("正在读取")),
        "{seen:?}"
    );
}

#[test]
fn a_job_is_followed_on_redis_to_its_end() {
    let redis = TestRedis::start();
    let job = begun(&redis);
    let client = client("on_redis.py", &[&redis.url(), "job_001"]);
    let mut seen: Vec<_> = (0..2).map(|_| client.line().unwrap()).collect();
    job.emit("row", Fields::new().field("n", &1));
    seen.push(client.line().unwrap());
    job.completed(&());
    let ended = client.end();
    assert!(ended.is_success, "{}", ended.log);
    seen.extend(ended.lines);
    is_all(&seen, &redis);
}

#[test]
fn a_job_is_followed_on_a_cluster_by_its_url_alone() {
    let cluster = TestCluster::start(3, 0);
    is_followed(&cluster.url());
}

#[test]
fn a_job_is_followed_on_the_master_that_sentinels_name_by_its_url_alone() {
    const PASSWORD: &str = "s3cret@of:servers";
    let redis = TestRedis::with(&["--requirepass", PASSWORD]);
    let lines = [
        "user finder on >s3cret allchannels +@all",
        "user default off",
        &format!("sentinel auth-pass {MASTER} {PASSWORD}"),
    ];
    let sentinel = Sentinel::at("127.0.0.1", redis.port(), &lines);
    let (away, there) = (free_port(), sentinel.address());
    let url = format!(
        "redis+sentinel://default:s3cret%40of%3Aservers@127.0.0.1:{away},{there}/{MASTER}/3?sentinel_user=finder&\
         sentinel_password=s3cret"
    );
    is_followed(&url);
}

/// By who has this URL, and nothing else.
fn is_followed(url: &str) {
    let publisher = Publisher::connect(url).unwrap();
    let job = publisher.job("job_001", "import").unwrap();
    let client = client("on_redis.py", &[url, "job_001"]);
    let started = client.line().unwrap();
    job.completed(&());
    let ended = client.end();
    assert!(ended.is_success, "{}", ended.log);
    let seen: Vec<_> = [started].into_iter().chain(ended.lines).collect();
    let kinds = seen.iter().filter_map(|line| line.split(' ').nth(1));
    assert!(kinds.eq(["task_started", "task_completed"]), "{seen:?}");
}

/// What somebody else wrote to the stream, in its middle.
#[test]
fn entries_of_others_do_not_stop_who_follows_a_job() {
    let redis = TestRedis::start();
    let job = begun(&redis);
    let page = client("on_redis.py", &[&redis.url(), "job_001"]);
    let mut seen: Vec<_> = (0..2).map(|_| page.line().unwrap()).collect();
    let deep = "[".repeat(100_000);
    let long = format!(r#"{{"n":{}}}"#, "9".repeat(5000));
    for entry in [
        &["note", "by hand"][..],
        &["data", "no JSON", "event_type", "row"],
        &["data", "[1]", "event_type", "row"],
        &[
            "data",
            r#"{"will_retry":true}"#,
            "event_type",
            "task_failed",
        ],
        &["data", r#"{"text":"\ud800"}"#, "event_type", "row"],
        &["data", &deep, "event_type", "row"],
        &["data", &long, "event_type", "row"],
    ] {
        redis.run(&[&["XADD", "job_events:job_001", "*"][..], entry].concat());
        seen.push(page.line().unwrap());
    }
    job.completed(&());
    let ended = page.end();
    assert!(ended.is_success, "{}", ended.log);
    seen.extend(ended.lines);
    let ids = seen.iter().map(|line| line.split(' ').next().unwrap());
    let entries = redis.entries("job_events:job_001");
    let written = entries.iter().map(|entry| entry.id.as_str());
    assert_eq!(ids.collect::<Vec<_>>(), written.collect::<Vec<_>>());
    assert!(seen[2].contains(r#" unknown {"data": null"#), "{}", seen[2]);
    assert!(
        seen[3].contains(r#" row {"data": "no JSON""#),
        "{}",
        seen[3]
    );
}

#[test]
fn a_job_is_followed_over_http_through_a_network_that_is_cut() {
    let redis = TestRedis::start();
    let server = Example::of("job_page", &[], &redis);
    let url = server.line().unwrap();
    let proxy = Proxy::to_port(url.split([':', '/']).nth(4).unwrap().parse().unwrap());
    let job = begun(&redis);
    let base = format!("http://127.0.0.1:{}/events", proxy.port());
    let client = client("over_http.py", &[&base, "job_001"]);
    let mut seen: Vec<_> = (0..2).map(|_| client.line().unwrap()).collect();
    proxy.door(Door::Shut);
    proxy.cut(End::Reset);
    job.emit("row", Fields::new().field("n", &1));
    let before = proxy.traffic().connections;
    proxy.wait(|traffic| traffic.connections > before);
    proxy.heal();
    seen.push(client.line().unwrap());
    job.failed("no more paper");
    let ended = client.end();
    assert!(ended.is_success, "{}", ended.log);
    seen.extend(ended.lines);
    is_all(&seen, &redis);
}
