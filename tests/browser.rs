//! What a person sees: the page in Chromium; and what the module makes of what the router says.
#![allow(clippy::unwrap_used)]

#[path = "browser/page.rs"]
mod page;
#[path = "programs/program.rs"]
#[allow(dead_code, reason = "the examples' tests need more of it")]
mod program;
#[path = "browser/script.rs"]
mod script;
#[path = "http/service.rs"]
mod service;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use stream_events::http::Limits;
use stream_events::{Fields, Progress, Publisher};
use support::{Door, End, Proxy, TestRedis};

use page::Page;
use program::{Example, ROOT, built};
use script::{Script, asked, installed};

/// The example with the page, behind a network that a test can cut.
struct Site {
    redis: TestRedis,
    proxy: Proxy,
    _example: Example,
}

impl Site {
    fn open() -> Self {
        let redis = TestRedis::start();
        let example = Example::of("job_page", &[], &redis);
        let url = example.line().unwrap();
        let port = url.split([':', '/']).nth(4).unwrap().parse().unwrap();
        Self {
            redis,
            proxy: Proxy::to_port(port),
            _example: example,
        }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.proxy.port())
    }

    fn publisher(&self) -> Publisher {
        Publisher::connect(self.redis.url()).unwrap()
    }

    /// Nobody gets through, and who was through is not any more.
    fn cut(&self) {
        self.proxy.door(Door::Shut);
        self.proxy.cut(End::Reset);
    }

    /// The types of what stands on the stream.
    fn types(&self, job: &str) -> Vec<String> {
        let entries = self.redis.entries(&format!("job_events:{job}"));
        let types = entries.iter().map(|entry| entry.field("event_type"));
        types.map(str::to_owned).collect()
    }
}

#[test]
fn the_page_shows_each_event_once_also_where_the_network_is_cut() {
    let site = Site::open();
    let publisher = site.publisher();
    let job = publisher.job("job_001", "import").unwrap();
    job.progress(Progress::new("a quarter").percent(25.0));
    let page = Page::open(&format!("{}/?job=job_001", site.url()));
    let shown = page.wait(&json!({"lines": 2}));
    assert_eq!(shown["status"], "running");
    assert_eq!(
        (&shown["message"], &shown["progress"]),
        (&json!("a quarter"), &json!(25))
    );

    site.cut();
    for n in 0..20 {
        job.emit("row", Fields::new().field("n", &n));
    }
    page.wait(&json!({"connection": "waiting"}));
    site.proxy.heal();
    page.wait(&json!({"lines": 22}));
    job.progress(Progress::new("nearly").current(3).total(4));
    let shown = page.wait(&json!({"lines": 23}));
    assert_eq!(shown["progress"], 75);
    job.completed(&());
    let shown = page.wait(&json!({"connection": "ended"}));
    assert_eq!(shown["status"], "completed");
    assert_eq!(column(&shown, 1), site.types("job_001"));
    let rows: Vec<_> = (0..20).map(|n| format!("n={n}")).collect();
    assert_eq!(column(&shown, 2)[2..22], rows);
    assert_eq!(shown["said"], json!([]));
}

#[test]
fn what_nobody_knows_the_page_does_not_make_up() {
    let site = Site::open();
    let publisher = site.publisher();
    let job = publisher.job("job_001", "import").unwrap();
    job.failed("no more paper");
    wait_for(&site, "job_001", 2);
    let mut page = Page::open(&format!("{}/?job=job_001&after=1-1", site.url()));
    let shown = page.wait("document.getElementById('connection').textContent === 'ended'");
    assert_eq!(column(&shown, 2)[0], "some events are missing (trimmed)");
    // Neither does its bar go on as if the job did.
    page.wait("document.getElementById('progress').position === 0");
}

#[test]
fn whatever_a_job_says_is_text_on_the_page() {
    let site = Site::open();
    let evil = "<script>alert(1)</script><img src=x onerror=alert(2)>'\"&\r\n\0\u{2028}";
    let name = "<img src=x onerror=alert(3)>";
    let publisher = site.publisher();
    let job = publisher.job(name, evil).unwrap();
    job.progress(Progress::new(evil).step(evil));
    job.emit(evil, Fields::new().field(evil, &evil));
    job.emit("large", Fields::new().field("text", &"<b>".repeat(1 << 20)));
    job.emit("later", Fields::new());
    wait_for(&site, name, 5);
    let surrogate = format!("{{\"progress\":\"\\ud800{}\"}}", "<i>".repeat(1 << 18));
    for data in [evil, &surrogate] {
        let key = format!("job_events:{name}");
        let fields = ["data", data, "timestamp", evil, "event_type", evil];
        site.redis
            .run(&[&["XADD", &key, "*"][..], &fields].concat());
    }
    job.failed(evil);

    let query = name
        .replace('<', "%3C")
        .replace('>', "%3E")
        .replace(' ', "%20");
    let page = Page::open(&format!(
        "{}/?job={}",
        site.url(),
        query.replace('=', "%3D")
    ));
    let shown = page.wait(&json!({"connection": "ended"}));
    let lines = shown["lines"].as_array().unwrap().len();
    assert_eq!(lines, 8);
    // The page's own, a list item for each line and three columns in it.
    assert_eq!(shown["elements"], 8 + 4 * lines);
    assert_eq!(shown["status"], "failed");
    assert!(
        shown["message"]
            .as_str()
            .unwrap()
            .contains("<script>alert(1)</script>")
    );
    let told = column(&shown, 2);
    assert!(told[2].contains("onerror=alert(2)"), "{}", told[2]);
    assert!(told[5].contains("onerror=alert(2)"), "{}", told[5]);
    assert!(told[6].len() > 1 << 19, "{}", told[6].len());
    assert_eq!(shown["said"], json!([]));
}

#[test]
fn what_is_no_event_of_ours_is_a_line_of_the_page_too() {
    let site = Site::open();
    let endless = r#"{"percent":-1e999,"current":1e999,"total":1e999}"#;
    let unlimited = r#"{"current":1e999,"total":1e999}"#;
    let mut ids = (1..10)
        .map(|n| format!("{n}-0"))
        .chain([format!("{}-0", u64::MAX)]);
    for kind in ["row", "task_progress"] {
        for data in ["null", "[1]", "7", endless, unlimited] {
            let id = ids.next().unwrap();
            let fields = ["job_events:job_001", &id, "data", data, "event_type", kind];
            site.redis.run(&[&["XADD"][..], &fields].concat());
        }
    }
    let mut page = Page::open(&format!("{}/?job=job_001", site.url()));
    let shown = page.wait("document.querySelectorAll('#log li').length === 10");
    assert_eq!(
        (&shown["connection"], &shown["said"]),
        (&json!(""), &json!([]))
    );
}

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
    for method in ["state", "events", "publish", "watch"] {
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

fn column(shown: &Value, at: usize) -> Vec<String> {
    let lines = shown["lines"].as_array().unwrap().iter();
    lines
        .map(|line| line[at].as_str().unwrap().to_owned())
        .collect()
}

fn wait_for(site: &Site, job: &str, events: usize) {
    support::wait_until("all are there", || site.types(job).len() == events);
}
