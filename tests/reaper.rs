//! What a reaper declares lost and what it leaves alone, what it needs for that, and what it says.
#![allow(clippy::unwrap_used)]

mod followed;

use std::time::{Duration, Instant};

use followed::followed;
use serde_json::json;
use stream_events::{ErrorKind, EventId, Publisher, Reader};
use support::{Program, Proxy, Rule, TestRedis, Way, kinds, scenario, wait_until};

const INDEX: &str = "job_index:active";
/// Longer than anything takes here.
const IN_TIME: Duration = Duration::from_secs(30);
/// Short, so that what stands still is soon believed.
const SHORT: Duration = Duration::from_millis(300);

fn reader(url: &str) -> Reader {
    Reader::connect(url).unwrap().with_grace(SHORT)
}

fn of_job(redis: &TestRedis, job: &str) -> Vec<String> {
    kinds(&redis.entries(&format!("job_events:{job}")))
}

/// Declares what is there to declare: until the index is empty.
async fn reap_all(reader: &Reader, redis: &TestRedis, index: &str) -> Vec<String> {
    let (mut reaper, mut lost) = (reader.reaper(), Vec::new());
    let began = Instant::now();
    while !redis.leases(index).is_empty() {
        assert!(began.elapsed() < IN_TIME, "leases are left: {lost:?}");
        let jobs = reaper.reap().await.unwrap().into_iter();
        lost.extend(jobs.map(|lost| lost.job_id.to_string()));
    }
    lost
}

#[tokio::test]
async fn a_run_that_has_ended_or_whose_stream_is_gone_is_left_as_it_is() {
    let redis = TestRedis::start();
    for (job, event_type, will_retry) in [
        ("done", "task_completed", false),
        ("retried", "task_failed", true),
    ] {
        redis.abandon(&format!("job_events:{job}"), INDEX);
        let data = json!({"run": "r1", "seq": 1, "will_retry": will_retry}).to_string();
        let key = format!("job_events:{job}");
        redis.run(&["XADD", &key, "*", "data", &data, "event_type", event_type]);
    }
    redis.abandon("job_events:another_run", INDEX);
    redis.run(&["ZREM", INDEX, "r1:another_run"]);
    redis.occupy("job_events:taken");
    for member in ["r2:another_run", "r1:gone", "r1:taken", "no member of ours"] {
        redis.lease(INDEX, member, -60_000);
    }
    let taken = [("job_events:another_run", 1), ("job_events:done", 2)];
    let reader = reader(&redis.url());
    assert_eq!(reap_all(&reader, &redis, INDEX).await, [""; 0]);
    for (key, events) in taken {
        assert_eq!(redis.entries(key).len(), events, "{key}");
    }
    let keys: Vec<String> = redis::cmd("KEYS")
        .arg("*gone*")
        .query(&mut redis.client())
        .unwrap();
    assert_eq!(keys, [""; 0], "what is gone stays so");
}

/// Row 19
#[tokio::test]
async fn a_stream_that_is_deleted_at_the_last_moment_does_not_come_back_with_an_end() {
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    redis.abandon("job_events:job_0", INDEX);
    proxy.rule(Way::ToServer, Rule::HoldOn(b"XADD".to_vec()));
    let reaper = reader(&proxy.url());
    let deletes = async {
        while proxy.traffic().caught == 0 {
            tokio::time::sleep(SHORT / 100).await;
        }
        redis.run(&["DEL", "job_events:job_0"]);
        proxy.heal();
    };
    let (lost, ()) = tokio::join!(reap_all(&reaper, &redis, INDEX), deletes);
    assert_eq!((lost, of_job(&redis, "job_0")), (vec![], vec![]));
    let keys: Vec<String> = redis::cmd("KEYS")
        .arg("job_events:*")
        .query(&mut redis.client())
        .unwrap();
    assert_eq!(keys, [""; 0]);
}

#[tokio::test]
async fn each_prefix_has_an_index_of_its_own_and_a_publishers_reader_knows_how_long_to_keep() {
    let redis = TestRedis::start();
    let (ours, theirs) = ("tenant_a:job_events", "tenant_a:job_index:active");
    redis.abandon("job_events:job_0", INDEX);
    redis.abandon(&format!("{ours}:job_0"), theirs);
    let publisher = Publisher::builder()
        .url(redis.url())
        .prefix(ours)
        .connect()
        .unwrap();
    let reader = publisher.reader().with_grace(SHORT);
    assert_eq!(reap_all(&reader, &redis, theirs).await, ["job_0"]);
    assert_eq!(of_job(&redis, "job_0"), ["task_started"]);
    let lost = kinds(&redis.entries(&format!("{ours}:job_0")));
    assert_eq!(lost, ["task_started", "task_failed: lost"]);
    let kept = redis.kept(&format!("{ours}:job_0"));
    assert!((24 * 60 * 60 - 60..=24 * 60 * 60).contains(&kept), "{kept}");
    assert_eq!(redis.leases(INDEX).len(), 1);
}

#[tokio::test]
async fn a_reaper_without_rights_says_which() {
    let redis = TestRedis::start();
    redis.abandon("job_events:job_0", INDEX);
    for command in ["time", "zrangebyscore", "xadd", "xinfo", "zrem"] {
        redis.allow("reaper", &format!("reset on >secret ~* +@all -{command}"));
        let url = redis.url().replace("//", "//reaper:secret@");
        let mut reaper = reader(&url).reaper();
        let began = Instant::now();
        let error = loop {
            assert!(began.elapsed() < IN_TIME, "no error without {command}");
            match reaper.reap().await {
                // The last of them is missed when the end stands.
                Ok(lost) => assert!(lost.is_empty() || command == "zrem", "{command}"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::Rejected);
        let text = error.to_string();
        let said = format!("{} refused the reaper: NOPERM", redis.url());
        assert!(text.starts_with(&said), "{text}");
        assert!(text.contains(command) && !text.contains("secret"), "{text}");
    }
}

#[tokio::test]
async fn the_rights_that_the_documentation_names_are_enough() {
    let redis = TestRedis::start();
    redis.abandon("job_events:job_0", INDEX);
    let rights =
        "+xinfo|stream +xrevrange +time +zrangebyscore +zscore +zrem +xadd +auth +hello +client";
    let keys = format!("on >secret ~job_events:* ~{INDEX}");
    redis.allow("reaper", &format!("{keys} {rights}"));
    let reader = reader(&redis.url().replace("//", "//reaper:secret@"));
    assert_eq!(reap_all(&reader, &redis, INDEX).await, ["job_0"]);
}

/// It ended well, and the loss of its first run says nothing of that.
#[tokio::test]
async fn a_job_that_ended_after_it_was_started_again_has_ended_for_readers() {
    let redis = TestRedis::start();
    redis.abandon("job_events:job_0", INDEX);
    for (seq, event_type) in ["task_started", "task_completed"].iter().enumerate() {
        let data = json!({"run": "r2", "seq": seq}).to_string();
        redis.run(&[
            "XADD",
            "job_events:job_0",
            "*",
            "data",
            &data,
            "event_type",
            event_type,
        ]);
    }
    let reader = reader(&redis.url());
    assert_eq!(reap_all(&reader, &redis, INDEX).await, ["job_0"]);
    let expected = [
        "task_started",
        "task_started",
        "task_completed",
        "task_failed: lost",
    ];
    let entries = redis.entries("job_events:job_0");
    assert_eq!(kinds(&entries), expected);
    assert_eq!(entries[3].data()["will_retry"], true);
    let ids = entries.iter().map(|entry| entry.id.parse().unwrap());
    for (seen, after) in (0..).zip([EventId::ZERO].into_iter().chain(ids)) {
        let rest = followed(reader.watch("job_0").unwrap().after(after)).await;
        assert_eq!(seen + rest.len(), 4);
    }
}

#[tokio::test]
async fn a_watch_without_the_right_to_declare_waits_on() {
    let redis = TestRedis::start();
    redis.abandon("job_events:job_0", INDEX);
    redis.allow("reader", "on >secret ~* +@all -xadd");
    let reader = reader(&redis.url().replace("//", "//reader:secret@"));
    let mut watch = reader.watch("job_0").unwrap();
    assert!(watch.next().await.unwrap().is_ok());
    // Each read that finds nothing is followed by a look at the lease, until that is found useless.
    let reads_on = async {
        while redis.calls("xread") < redis.calls("zscore") + 4 {
            tokio::time::sleep(SHORT / 10).await;
        }
    };
    let watched = async {
        tokio::select! {
            item = watch.next() => panic!("{item:?}"),
            () = reads_on => {}
        }
    };
    let waited = tokio::time::timeout(IN_TIME, watched).await;
    waited.expect("it goes on reading");
}

/// A reaper as a service runs it, with a log.
#[test]
fn a_reaper_that_runs_says_what_is_wrong_once_and_what_is_lost() {
    if let Some(url) = scenario() {
        tracing_subscriber::fmt().with_ansi(false).init();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        return runtime.unwrap().block_on(reader(&url).reaper().run());
    }
    let redis = TestRedis::start();
    redis.allow("reaper", "on >secret ~* +@all -time");
    let mut reaper = Program::again(
        "a_reaper_that_runs_says_what_is_wrong_once_and_what_is_lost",
        &redis.url().replace("//", "//reaper:secret@"),
    )
    .start();
    redis.abandon("job_events:job_0", INDEX);
    wait_until("it has tried again", || redis.calls("auth") > 2);
    reaper.wait_for("WARN stream_events: lost runs cannot be found just now: redis://127.0.0.1:");
    redis.allow("reaper", "+time");
    reaper.wait_for(
        "WARN stream_events: job `job_0` is lost: the process of run r1 has not renewed its lease",
    );
    let said = reaper.said();
    assert_eq!(said.matches("cannot be found").count(), 1, "{said}");
    assert!(said.contains("refused the reaper: NOPERM"), "{said}");
}
