//! Jobs over HTTP: lists that say nothing of the jobs that they do not show.
#![allow(clippy::unwrap_used)]

mod served;

use std::time::Duration;

use reqwest::Client;
use serde_json::Value;
use served::client::{answer, get};
use served::service::rows::{flushed, runs};
use served::service::{SHORT, Service, stores};
use stream_events::http::{Access, Api, Asked, Denied, Grant, Limits, bearer};
use stream_events::{JobId, JobState, Publisher};
use support::TestRedis;

/// Longer than anything takes here.
const AMPLE: Duration = Duration::from_secs(60);

/// By what it is known who may see a job.
#[derive(Debug, Clone, Copy)]
enum By {
    Id,
    State,
    Both,
}

/// Lets each see the jobs of its own name.
fn own(by: By) -> impl Fn(Asked<'_>) -> Result<Grant, Denied> + Send + Sync + 'static {
    move |asked| {
        let caller = bearer(asked.request).ok_or(Denied::NotFound)?.to_owned();
        let (one, other) = (caller.clone(), caller.clone());
        let ids = move |id: &JobId| id.as_str().starts_with(&one);
        let states = move |job: &JobState| job.job_id.starts_with(&other);
        let grant = Grant::to(caller);
        match (asked.access, by) {
            (Access::Jobs, By::Id) => Ok(grant.job_ids(ids)),
            (Access::Jobs, By::State) => Ok(grant.jobs(states)),
            // Neither lets all of its own through.
            (Access::Jobs, By::Both) => Ok(grant
                .job_ids(move |id| ids(id) || id.as_str().ends_with('7'))
                .jobs(move |job| states(job) || !job.job_id.ends_with('7'))),
            _ => Err(Denied::NotFound),
        }
    }
}

async fn page(service: &Service, token: &str, query: &str) -> (u16, Value) {
    let request = Client::new().get(service.url(&format!("/jobs?{query}")));
    let (status, _, page) = answer(request.bearer_auth(token)).await;
    (status, page)
}

fn names(page: &Value) -> Vec<&str> {
    let jobs = page["jobs"].as_array();
    let jobs = jobs.unwrap_or_else(|| panic!("{page}")).iter();
    jobs.map(|job| job["job_id"].as_str().unwrap()).collect()
}

/// More jobs of another's than are looked at for a page of all.
async fn fill(publisher: &Publisher) {
    runs(publisher, "alice_0").await;
    for n in 0..1100 {
        publisher
            .job(format!("bob_{n}"), "t")
            .unwrap()
            .completed(&());
    }
    flushed(publisher).await;
    runs(publisher, "alice_1").await;
    for n in 0..40 {
        runs(publisher, &format!("bob_new_{n}")).await;
    }
    runs(publisher, "alice_2").await;
    runs(publisher, "bob_newest").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_say_nothing_of_jobs_that_are_not_shown() {
    let (_redis, stores) = stores("hidden");
    for publisher in &stores {
        fill(publisher).await;
        for by in [By::Id, By::State, By::Both] {
            // How long a thousand states take is another matter.
            let limits = Limits::default().search(AMPLE);
            let api = Api::builder(publisher.reader(), own(by)).limits(limits);
            let service = Service::of(api).await;
            for (limit, expected) in [
                (2, &[&["alice_2", "alice_1"][..], &["alice_0"]][..]),
                (3, &[&["alice_2", "alice_1", "alice_0"]]),
            ] {
                let mut after = String::new();
                for (at, expected_names) in expected.iter().enumerate() {
                    let query = format!("limit={limit}&after={after}");
                    let (status, page) = page(&service, "alice", &query).await;
                    assert_eq!((status, names(&page)), (200, expected_names.to_vec()));
                    let next = page["next"].as_str();
                    let is_last = at + 1 == expected.len();
                    assert_eq!(next.is_none(), is_last, "{by:?} {limit} {at}");
                    after = next.unwrap_or_default().to_owned();
                }
            }
            for (token, query) in [("carol", "limit=1"), ("alice", "q=job:bob*")] {
                let (_, page) = page(&service, token, query).await;
                assert_eq!(page.to_string(), r#"{"jobs":[],"next":null}"#, "{by:?}");
            }
            let (_, page) = page(&service, "alice", "q=job:alice_0&limit=1").await;
            assert_eq!(
                (names(&page), &page["next"]),
                (vec!["alice_0"], &Value::Null)
            );
        }
    }
}

#[tokio::test]
async fn where_the_id_tells_nothing_of_a_hidden_job_is_read() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    for n in 0..100 {
        runs(&publisher, &format!("bob_{n}")).await;
    }
    runs(&publisher, "alice_1").await;
    let service = Service::of(Api::builder(publisher.reader(), own(By::Id))).await;
    let calls = || redis.calls("xrange") + redis.calls("xrevrange");
    let before = calls();
    assert_eq!(names(&page(&service, "alice", "").await.1), ["alice_1"]);
    let reads = calls() - before;
    assert!(reads < 20, "{reads}");
    // Where it is told by how they stand, their children are not read.
    let service = Service::of(Api::builder(publisher.reader(), own(By::State))).await;
    let before = (redis.calls("xrange"), redis.calls("xrevrange"));
    assert_eq!(names(&page(&service, "alice", "").await.1), ["alice_1"]);
    let states = redis.calls("xrange") - before.0;
    let children = redis.calls("xrevrange") - before.1;
    assert!(states > 100 && children < 20, "{states} {children}");
}

/// Of whose starts the feed has none.
#[tokio::test]
async fn so_it_is_of_jobs_that_are_found_by_their_leases() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let mut running = Vec::new();
    for job in ["alice_0", "bob_0", "alice_1", "bob_1", "bob_2"] {
        running.push(publisher.job(job, "t").unwrap());
    }
    flushed(&publisher).await;
    redis.run(&["DEL", "job_index:feed"]);
    let service = Service::of(Api::builder(publisher.reader(), own(By::State))).await;
    let (_, first) = page(&service, "alice", "limit=1").await;
    assert_eq!(names(&first), ["alice_0"]);
    let next = first["next"].as_str().unwrap();
    let (_, second) = page(&service, "alice", &format!("limit=1&after={next}")).await;
    assert_eq!(
        (names(&second), &second["next"]),
        (vec!["alice_1"], &Value::Null)
    );
    let (_, both) = page(&service, "alice", "limit=2").await;
    assert_eq!((names(&both).len(), &both["next"]), (2, &Value::Null));
}

/// It waits at each job.
fn slow(asked: Asked<'_>) -> Result<Grant, Denied> {
    let wait = |_: &JobState| {
        std::thread::sleep(SHORT / 40);
        false
    };
    match asked.access {
        Access::Jobs => Ok(Grant::to("alice").jobs(wait)),
        Access::Job(_) => Ok(Grant::to("alice")),
        _ => Err(Denied::NotFound),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_not_looked_for_without_end() {
    let (_redis, stores) = stores("search");
    for publisher in &stores {
        for n in 0..300 {
            publisher
                .job(format!("bob_{n}"), "t")
                .unwrap()
                .completed(&());
        }
        runs(publisher, "bob").await;
        let limits = Limits::default().search(SHORT);
        let api = Api::builder(publisher.reader(), slow).limits(limits);
        let service = Service::of(api).await;
        let (status, problem) = page(&service, "alice", "").await;
        assert_eq!(status, 503, "{problem}");
        let why = "the jobs were not found in time";
        assert_eq!(problem["detail"], why);
        // What was asked of the store meanwhile is no answer to what is asked next.
        let (_, _, state) = get(&service.url("/jobs/bob")).await;
        assert_eq!(state["job_id"], "bob");
    }
}
