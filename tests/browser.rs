//! What a person sees: the page in Chromium, and what Chromium does by itself.
#![allow(clippy::unwrap_used)]

#[path = "browser/page.rs"]
mod page;
#[path = "programs/program.rs"]
#[allow(dead_code, reason = "the examples' tests need more of it")]
mod program;
#[path = "browser/script.rs"]
#[allow(dead_code, reason = "the module's tests need more of it")]
mod script;
#[path = "http/service.rs"]
mod service;
#[path = "browser/site.rs"]
mod site;

use serde_json::{Value, json};
use stream_events::http::Limits;
use stream_events::{Fields, Progress, Publisher};
use support::TestRedis;

use page::{Page, Source};
use site::Site;

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
    let page = Page::open(&format!("{}/?job=job_001&after=1-1", site.url()));
    let shown = page.wait(&json!({"connection": "ended"}));
    assert_eq!(column(&shown, 2)[0], "some events are missing (trimmed)");
    // Neither does its bar go on as if the job did.
    page.wait(&json!({"position": 0}));
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
    // More than 1 MiB in each field.
    let long = "<i>".repeat(350_000);
    let surrogate = format!("{{\"progress\":\"\\ud800{long}\"}}");
    let large = format!("{evil}{long}");
    for [data, other] in [[evil, evil], [&surrogate, &large]] {
        let key = format!("job_events:{name}");
        let fields = ["data", data, "timestamp", other, "event_type", other];
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
    assert!(told[6].len() > 1 << 20, "{}", told[6].len());
    assert_eq!(
        column(&shown, 1)[6].len(),
        column(&shown, 1)[5].len() + long.len()
    );
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
    let page = Page::open(&format!("{}/?job=job_001", site.url()));
    let shown = page.wait(&json!({"lines": 10}));
    assert_eq!(
        (&shown["connection"], &shown["said"]),
        (&json!(""), &json!([]))
    );
}

/// Such as one of another site whose name is made to lead to this machine.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_served_jobs_by_this_machines_own_name_alone() {
    let site = tokio::task::spawn_blocking(Site::open).await.unwrap();
    let job = site.publisher().job("job_001", "import").unwrap();
    job.completed(&());
    tokio::task::block_in_place(|| wait_for(&site, "job_001", 2));
    for (host, status) in [
        ("127.0.0.1:8080", 200),
        ("localhost:8080", 200),
        ("evil.example:8080", 404),
        ("127.0.0.1.evil.example:8080", 404),
        ("evil.example", 404),
    ] {
        let request = reqwest::Client::new().get(format!("{}/events/jobs/job_001", site.url()));
        let answer = request.header("host", host).send().await.unwrap();
        assert_eq!(answer.status(), status, "{host}");
    }
}

/// It comes back each time a stream ends, and can only be told by 204 that there is no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_has_had_all_does_not_come_back_for_ever() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let service = service::serve(&publisher, Limits::default()).await;
    let source = Source::of_page(&service.url("/openapi.json"));
    let written = service::ended(&publisher, "a").await;
    service::ended(&publisher, "b").await;
    let all = ["task_started", "row", "row", "row", "task_completed", "end"];
    for (path, told) in [
        ("/jobs/a/stream", &all[..]),
        (
            "/jobs/a/stream?q=type:task_started",
            &["task_started", "end"],
        ),
        ("/jobs/a/stream?q=type:nothing", &["end"]),
        ("/stream?job_id=a&job_id=b&q=type:nothing", &["end", "end"]),
        ("/jobs/a/replay?speed=Infinity", &all),
        ("/jobs/a/replay?q=type:nothing", &["end"]),
        // What never was there is not waited for.
        ("/jobs/none/replay", &[]),
    ] {
        let said = source.until_closed(path);
        let answers = if told.is_empty() {
            json!([404])
        } else {
            json!([200, 204])
        };
        assert_eq!(said, json!({"events": told, "answers": answers}), "{path}");
    }
    redis.run(&["DEL", "job_events:a"]);
    for course in ["stream", "replay"] {
        let said = source.until_closed(&format!("/jobs/a/{course}?after={}", written[1]));
        assert_eq!(
            said,
            json!({"events": ["gap", "end"], "answers": [200, 204]})
        );
    }
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
