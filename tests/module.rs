//! What the module makes of what the router says, in Node, and what its types make of its users.
#![allow(clippy::unwrap_used)]

#[path = "programs/program.rs"]
#[allow(dead_code, reason = "the examples' tests need more of it")]
mod program;
#[path = "browser/script.rs"]
#[allow(dead_code, reason = "the page's tests need more of it")]
mod script;
#[path = "http/service.rs"]
mod service;
#[path = "browser/site.rs"]
#[allow(dead_code, reason = "the page's tests need more of it")]
mod site;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use stream_events::http::Limits;
use stream_events::{Fields, Publisher};
use support::{Door, TestRedis};

use program::{Example, ROOT, built};
use script::{Script, asked, installed};
use site::Site;

#[test]
fn the_module_follows_several_jobs_through_a_network_that_is_cut() {
    let site = Site::open();
    let publisher = site.publisher();
    let jobs = ["a", "b"].map(|id| publisher.job(id, "import").unwrap());
    let base = format!("{}/events", site.url());
    let follow = Script::start("follow.mjs", &[&base, "a", "b"]);
    let mut items = follow.until(|item| item["event_type"] == "task_started");
    for round in 0..5 {
        let from = items.len();
        for n in 0..10 {
            jobs[n % 2].emit("row", Fields::new().field("n", &(round * 10 + n)));
        }
        site.cut();
        items.extend(follow.until(|item| item["what"] == "waiting"));
        site.proxy.heal();
        items.extend(follow.until(|item| item["what"] == "open"));
        assert!(items.len() > from);
    }
    jobs.into_iter().for_each(|job| job.completed(&()));
    items.extend(follow.until(|item| item["kind"] == "over"));
    for id in ["a", "b"] {
        let own: Vec<_> = items.iter().filter(|item| item["job_id"] == id).collect();
        let seqs: Vec<_> = own
            .iter()
            .filter_map(|item| item["data"]["seq"].as_u64())
            .collect();
        assert_eq!(seqs, (0..27).collect::<Vec<_>>(), "{id}");
        assert_eq!(own.last().unwrap()["kind"], "end");
    }
    // Once more, from behind the end: there is nothing to follow.
    let again = Script::start("follow.mjs", &[&base, "a", "b"]);
    assert_eq!(again.until(|item| item["kind"] == "over").len(), 54 + 2 + 3);
}

#[test]
fn the_module_tries_again_where_nothing_answers() {
    let site = Site::open();
    site.proxy.door(Door::Silent);
    let base = format!("{}/events", site.url());
    let follow = Script::start("follow.mjs", &[&base, "a"]);
    follow.until(|item| item["what"] == "waiting");
    site.proxy.heal();
    follow.until(|item| item["what"] == "open");
}

#[test]
fn the_module_says_why_the_router_refuses() {
    let site = Site::open();
    let base = format!("{}/events", site.url());
    let follow = Script::start("follow.mjs", &[&base, "a\nb"]);
    let refused = follow
        .until(|item| item["kind"] == "refused")
        .pop()
        .unwrap();
    assert_eq!(refused["status"], 400, "{refused}");
    assert!(
        refused["why"].as_str().unwrap().contains("a\\nb"),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_module_sends_and_asks_for_is_what_the_router_takes() {
    let publisher = Publisher::connect("memory:browser:sends").unwrap();
    let service = service::serve(&publisher, Limits::default()).await;
    service::ended(&publisher, "job_001").await;
    let base = service.url("");
    let note = json!(["job_001", "noted", {"by": "老王"}]);
    assert!(asked(&base, "publish", &note)["answer"]["id"].is_string());
    let only = json!(["job_001", {"query": "type:noted"}]);
    let events = asked(&base, "events", &only);
    assert_eq!(events["answer"]["events"][0]["data"]["by"], "老王");
    let items = asked(&base, "watch", &only)["answer"].take();
    assert_eq!(items[0]["event_type"], "noted", "{items}");
    assert_eq!(items[1], json!({"kind": "end", "job_id": "job_001"}));

    let again = |given| asked(&base, "replay", &given)["answer"].take();
    let only = again(json!(["job_001", {"query": "type:noted", "speed": 1000}]));
    assert_eq!(only, items);
    let all = again(json!(["job_001", {"speed": 1e300}]));
    assert_eq!(all, asked(&base, "watch", &json!(["job_001"]))["answer"]);
    let cursor = all[3]["cursor"].clone();
    let rest = again(json!(["job_001", {"after": cursor}]));
    assert_eq!(rest.as_array().unwrap()[..], all.as_array().unwrap()[4..]);
    let none = asked(&base, "replay", &json!(["none"]));
    assert_eq!(none["error"], "Refused", "{none}");
    let wrong = asked(&base, "replay", &json!(["job_001", {"speed": 0}]));
    assert!(
        wrong["why"].as_str().unwrap().contains("the `speed` \"0\""),
        "{wrong}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_module_tells_a_mistake_from_a_job_that_is_not_there() {
    let publisher = Publisher::connect("memory:browser:mistakes").unwrap();
    let service = service::serve(&publisher, Limits::default()).await;
    let base = service.url("");
    assert_eq!(
        asked(&base, "state", &json!(["none"])),
        json!({"answer": null})
    );
    let elsewhere = asked(&service.url("/elsewhere"), "state", &json!(["none"]));
    assert_eq!(elsewhere["error"], "Refused", "{elsewhere}");
    for method in ["state", "events", "publish", "watch", "replay"] {
        for no_id in [json!(null), json!(""), json!(7)] {
            let said = asked(&base, method, &json!([no_id, "noted"]));
            assert_eq!(said["error"], "TypeError", "{method} {no_id}: {said}");
            assert!(said["why"].as_str().unwrap().contains("a job id is"));
        }
    }
}

#[test]
fn the_module_asks_and_adds_and_says_what_is_refused() {
    let redis = TestRedis::start();
    let mut command = Command::new(&built()["http_bearer"]);
    command.env("API_TOKENS", "alice:s3cret,bob:0ther");
    let service = Example::start(command, &[("REDIS_URL", redis.url())]);
    let base = service.line().unwrap();
    let calls = Script::start("calls.mjs", &[&base, "s3cret", "alice.1"]);
    assert_eq!(calls.line(), Value::Null, "there is no such job yet");
    let id = calls.line()["id"].as_str().unwrap().to_owned();
    let refused = calls.line();
    assert_eq!(refused["refused"], 400, "{refused}");
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("task_completed"),
        "{refused}"
    );
    let events = calls.line();
    let event = &events["events"][0];
    assert_eq!(
        (&event["id"], &event["event_type"]),
        (&json!(id), &json!("note"))
    );
    assert_eq!(event["data"]["text"], "<b>");
    let state = calls.line();
    assert_eq!(
        (&state["job_id"], &state["events"]),
        (&json!("alice.1"), &json!(1))
    );
    assert_eq!(calls.line(), Value::Null, "it is another's");
    assert_eq!(calls.line()["refused"], 404);
}

#[test]
fn the_types_of_the_module_take_what_is_right_and_refuse_what_is_not() {
    let compiler = installed().join("node_modules/.bin/tsc");
    let mut check = Command::new(compiler);
    check
        .arg("--project")
        .arg(Path::new(ROOT).join("tests/browser"));
    let output = check.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn what_the_types_name_is_there_and_the_other_way_round() {
    let client = Path::new(ROOT).join("stream-events/client");
    let exported = |file: &str| -> BTreeSet<String> {
        let text = fs::read_to_string(client.join(file)).unwrap();
        let exports = text.lines().filter_map(|line| {
            let (kind, rest) = line.strip_prefix("export ")?.split_once(' ')?;
            let is_value = ["function", "class", "const"].contains(&kind);
            let name = rest
                .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .next()?;
            is_value.then(|| name.to_owned())
        });
        exports.collect()
    };
    let [module, types] = ["stream-events.js", "stream-events.d.ts"].map(exported);
    assert!(module.len() >= 5, "{module:?}");
    assert_eq!(module, types);
}
