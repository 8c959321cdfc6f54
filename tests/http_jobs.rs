//! Jobs over HTTP: where they stand, what is asked for of them, and what the routes say of themselves.
#![allow(clippy::unwrap_used)]

#[path = "http/client.rs"]
mod client;
#[path = "http/service.rs"]
mod service;

use axum::Router;
use client::{Events, get, ids, messages, names};
use reqwest::Client;
use serde_json::{Value, json};
use service::{Service, ended, open, serve, stores};
use stream_events::Publisher;
use stream_events::http::{Api, Limits};

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
async fn the_document_has_each_route_and_what_it_answers() {
    let publisher = Publisher::connect("memory:http:openapi").unwrap();
    let written = ended(&publisher, "job_001").await;
    let service = serve(&publisher, Limits::default()).await;
    let (status, kind, document) = get(&service.url("/openapi.json")).await;
    assert_eq!((status, &*kind), (200, "application/json"));
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 6, "{paths:?}");
    for (path, route) in paths {
        let path = path.replace("{job_id}", "job_001");
        let url = service.url(&format!("{path}?job_id=job_001&after={}", written[4]));
        for method in ["get", "post", "put", "delete"] {
            let body = r#"{"event_type":"approved"}"#;
            let request = Client::new().request(method.to_uppercase().parse().unwrap(), &url);
            let request = request.header("content-type", "application/json");
            let answer = request.body(body).send().await.unwrap();
            let status = answer.status().as_u16();
            if let Some(operation) = route.get(method) {
                assert!(
                    operation["responses"].get(status.to_string()).is_some(),
                    "{method} {path}: {status}"
                );
            } else {
                assert_eq!(status, 405, "{method} {path}");
                assert_eq!(answer.headers()["content-type"], "application/problem+json");
            }
        }
    }
    let (_, _, state) = get(&service.url("/jobs/job_001")).await;
    let members = document["components"]["schemas"]["JobState"]["properties"]
        .as_object()
        .unwrap();
    let known: Vec<_> = members.keys().collect();
    assert_eq!(state.as_object().unwrap().keys().collect::<Vec<_>>(), known);
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
