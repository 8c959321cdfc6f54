//! Jobs over HTTP: where they stand, and what is asked for of them.
#![allow(clippy::unwrap_used)]

mod served;

use axum::Router;
use reqwest::Client;
use serde_json::{Value, json};
use served::client::{Events, answer, get, ids, messages, names};
use served::service::rows::flushed;
use served::service::{Service, ended, open, serve, stores};
use stream_events::Publisher;
use stream_events::http::{Access, Api, Asked, Denied, Grant, Limits, bearer};

#[tokio::test]
async fn where_a_job_stands_is_what_the_reader_says() {
    let (_redis, stores) = stores("state");
    for publisher in &stores {
        ended(publisher, "job_001").await;
        let service = serve(publisher, Limits::default()).await;
        let (status, kind, state) = get(&service.url("/jobs/job_001")).await;
        assert_eq!((status, &*kind), (200, "application/json"));
        let said = publisher.reader().state("job_001").await.unwrap().unwrap();
        assert_eq!(state, serde_json::to_value(&said).unwrap());
        assert_eq!(
            (&state["status"], &state["result"]),
            (&json!("completed"), &json!("all"))
        );
        let (status, kind, problem) = get(&service.url("/jobs/unknown")).await;
        assert_eq!((status, &*kind), (404, "application/problem+json"));
        assert_eq!(problem["title"], "Not Found");
    }
}

#[tokio::test]
async fn a_query_chooses_of_pages_and_of_streams() {
    let (_redis, stores) = stores("query");
    for publisher in &stores {
        let written = ended(publisher, "job_001").await;
        let service = serve(publisher, Limits::default()).await;
        let path = |route: &str| format!("/jobs/job_001/{route}?q=type:row%20field.n%3E=1");
        let (_, _, page) = get(&service.url(&path("events"))).await;
        let found = page["events"].as_array().unwrap().iter();
        let found: Vec<_> = found.map(|event| event["id"].as_str().unwrap()).collect();
        assert_eq!(
            (found, &page["next"]),
            (vec![&*written[2], &*written[3]], &Value::Null)
        );
        let url = service.url(&path("stream"));
        let frames = Events::open(&url).await.rest().await;
        assert_eq!(
            (names(&frames), ids(&frames)),
            (vec!["row", "row", "end"], vec![&*written[2], &*written[3]])
        );
        assert_eq!(messages(&service, &path("stream"), 9).await.len(), 3);
        // Nothing that is asked for is behind it, though its end is.
        let again = format!("{url}&after={}", written[3]);
        assert_eq!(Client::new().get(again).send().await.unwrap().status(), 204);
        let again = Events::open(&format!("{url}&after={}", written[2])).await;
        assert_eq!(ids(&again.rest().await), [&written[3]]);
        for (query, why) in [
            ("precent%3E5", "`precent`".to_owned()),
            ("(", "character".to_owned()),
            (
                &"a".repeat(1025),
                "the query has 1025 bytes; it may have 1024".to_owned(),
            ),
        ] {
            for route in ["events", "stream"] {
                let url = service.url(&format!("/jobs/job_001/{route}?q={query}"));
                let (status, _, problem) = get(&url).await;
                let detail = problem["detail"].as_str().unwrap();
                assert!(status == 400 && detail.contains(&why), "{detail}");
            }
        }
    }
}

#[tokio::test]
async fn the_module_for_pages_is_served_as_one() {
    let service = Service::open("memory:http:module").await;
    let (status, kind, text) = get(&service.url("/stream-events.js")).await;
    assert_eq!((status, &*kind), (200, "text/javascript; charset=utf-8"));
    assert!(text.as_str().unwrap().contains("export function"));
}

/// Below a path that has a parameter of its own.
#[tokio::test]
async fn the_routes_are_mounted_anywhere() {
    let publisher = Publisher::connect("memory:http:mounted").unwrap();
    ended(&publisher, "a/b c").await;
    let api = Api::builder(publisher.reader(), open).router();
    let routes = Router::new().nest("/tenants/{tenant}/events", api);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "http://{}/tenants/7/events/jobs/a%2Fb%20c",
        listener.local_addr().unwrap()
    );
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    let (status, _, state) = get(&url).await;
    assert_eq!((status, &state["job_id"]), (200, &json!("a/b c")));
    let frames = Events::open(&format!("{url}/stream")).await.rest().await;
    assert_eq!(frames.len(), 6);
}

/// Each as `job: status`, over all pages.
async fn listed(service: &Service, token: &str, query: &str) -> Vec<String> {
    let (mut listed, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/jobs?limit=2&q={query}&after={after}");
        let request = Client::new().get(service.url(&path)).bearer_auth(token);
        let (status, _, page) = answer(request).await;
        assert_eq!(status, 200, "{page}");
        let jobs = page["jobs"].as_array().unwrap();
        assert!(jobs.len() <= 2);
        let job = |job: &Value| format!("{}: {}", job["job_id"], job["status"]).replace('"', "");
        listed.extend(jobs.iter().map(job));
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => return listed,
        }
    }
}

/// Lets each see the jobs of its own name, and `all` see all.
fn by_owner(asked: Asked<'_>) -> Result<Grant, Denied> {
    let caller = bearer(asked.request).ok_or(Denied::NotFound)?.to_owned();
    match asked.access {
        Access::Jobs if caller == "all" => Ok(Grant::to(caller)),
        Access::Jobs => Ok(Grant::to(&caller).jobs(move |job| job.job_id.starts_with(&caller))),
        _ => Err(Denied::NotFound),
    }
}

#[tokio::test]
async fn jobs_are_listed_page_by_page_to_each_its_own() {
    let (_redis, stores) = stores("list");
    for publisher in &stores {
        let mut running = Vec::new();
        for n in 0..3 {
            for owner in ["alice", "bob"] {
                let job = publisher.job(format!("{owner}_{n}"), "import").unwrap();
                flushed(publisher).await;
                match n {
                    0 => running.push(job),
                    1 => job.completed(&()),
                    _ => job.failed("no"),
                }
            }
        }
        flushed(publisher).await;
        let service = Service::of(Api::builder(publisher.reader(), by_owner)).await;
        let ended = listed(&service, "all", "-status:running").await;
        assert_eq!(ended.len(), 4, "{ended:?}");
        let of_alice = ["alice_2: failed", "alice_1: completed", "alice_0: running"];
        assert_eq!(listed(&service, "alice", "").await, of_alice);
        assert_eq!(listed(&service, "all", "").await.len(), 6);
        assert_eq!(
            listed(&service, "bob", "status:failed").await,
            ["bob_2: failed"]
        );

        // Where the list goes on says nothing of other jobs, and is of use to nobody else.
        let page = |token: &str, after: &str| {
            let url = service.url(&format!("/jobs?limit=1&after={after}"));
            answer(Client::new().get(url).bearer_auth(token))
        };
        let (_, _, first) = page("alice", "").await;
        let next = first["next"].as_str().unwrap();
        assert!(
            next.len() == 64 && next.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{next}"
        );
        assert_eq!(page("alice", next).await.2["jobs"][0]["job_id"], "alice_1");
        let (_, _, all) = page("all", "").await;
        let of_all = all["next"].as_str().unwrap();
        for (token, after) in [("bob", next), ("bob", of_all), ("all", next), ("all", "x")] {
            let (status, _, problem) = page(token, after).await;
            let detail = problem["detail"].as_str().unwrap();
            assert!(
                status == 400 && detail.contains("is no place in a list of jobs"),
                "{token} {after}: {problem}"
            );
        }
        let nobody = answer(Client::new().get(service.url("/jobs"))).await;
        assert_eq!(nobody.0, 404);
    }
}
