//! Jobs over HTTP: what the routes say of themselves, and that they take that and nothing else.
#![allow(clippy::unwrap_used)]

mod served;

use reqwest::Client;
use serde_json::Value;
use served::client::{answer, get};
use served::service::{Service, ended, open, serve};
use stream_events::Publisher;
use stream_events::http::{Api, Limits};

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
        for method in ["get", "post", "put", "delete"] {
            let mut url = service.url(&format!("{path}?"));
            for name in parameters(&document, &route[method]) {
                let value = match name {
                    "job_id" => "job_001",
                    "after" if path != "/jobs" => &written[4],
                    "limit" | "speed" => "7",
                    _ => "",
                };
                url += &format!("{name}={value}&");
            }
            let body = r#"{"event_type":"approved"}"#;
            let request = Client::new().request(method.to_uppercase().parse().unwrap(), &url);
            let request = request.header("content-type", "application/json");
            let answer = request.body(body).send().await.unwrap();
            let status = answer.status().as_u16();
            if let Some(operation) = route.get(method) {
                assert!(status < 300, "{method} {url}: {status}");
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

/// The names of those in the address, as the document has them.
fn parameters<'a>(document: &'a Value, operation: &'a Value) -> Vec<&'a str> {
    let all = operation["parameters"].as_array().into_iter().flatten();
    let found = all.map(|parameter| match parameter["$ref"].as_str() {
        Some(place) => document.pointer(&place[1..]).unwrap(),
        None => parameter,
    });
    let in_address = found.filter(|parameter| parameter["in"] == "query");
    in_address
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect()
}

/// One that were ignored would be believed.
#[tokio::test]
async fn a_parameter_that_a_route_does_not_know_is_refused() {
    let publisher = Publisher::connect("memory:http:parameters").unwrap();
    ended(&publisher, "job_001").await;
    let service = serve(&publisher, Limits::default()).await;
    let (_, _, document) = get(&service.url("/openapi.json")).await;
    for (path, route) in document["paths"].as_object().unwrap() {
        if path == "/openapi.json" || path == "/stream-events.js" {
            // A page may have its own way to fetch them anew.
            let (status, ..) = get(&service.url(&format!("{path}?v=2"))).await;
            assert_eq!(status, 200);
            continue;
        }
        for method in ["get", "post"] {
            let Some(operation) = route.get(method) else {
                continue;
            };
            let known = parameters(&document, operation);
            let takes = match &*known {
                [] => "this route takes none".to_owned(),
                known => format!("this route takes `{}`", known.join("`, `")),
            };
            for unknown in [
                "limt=5",
                "Q=a",
                "ticket=7",
                "=x",
                "%0D%0A",
                "job_id%5B%5D=a",
            ] {
                let path = path.replace("{job_id}", "job_001");
                let url = service.url(&format!("{path}?{unknown}"));
                let request = Client::new().request(method.to_uppercase().parse().unwrap(), url);
                let (status, kind, problem) = answer(request).await;
                assert_eq!(
                    (status, &*kind),
                    (400, "application/problem+json"),
                    "{method} {path}"
                );
                let detail = problem["detail"].as_str().unwrap();
                let name = unknown.split('=').next().unwrap();
                let name = name.replace("%0D%0A", "\\r\\n").replace("%5B%5D", "[]");
                assert_eq!(
                    detail,
                    format!("there is no parameter \"{name}\" here: {takes}")
                );
            }
        }
    }
    let api = Api::builder(publisher.reader(), open).parameters(["ticket"]);
    let service = Service::of(api).await;
    let (status, ..) = get(&service.url("/jobs/job_001?ticket=7")).await;
    assert_eq!(status, 200);
    let (status, _, problem) = get(&service.url("/jobs/job_001?token=7")).await;
    assert_eq!(status, 400);
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.ends_with("this route takes `ticket`"), "{detail}");
}

#[tokio::test]
async fn parameters_that_are_too_long_are_refused_as_the_document_says() {
    let publisher = Publisher::connect("memory:http:long").unwrap();
    let service = serve(&publisher, Limits::default()).await;
    let (_, _, document) = get(&service.url("/openapi.json")).await;
    let long = "x".repeat(40_000);
    for (path, route) in document["paths"].as_object().unwrap() {
        for method in ["get", "post"] {
            let operation = &route[method]["responses"];
            if operation.get("400").is_none() {
                continue;
            }
            let url = service.url(&format!("{path}?q={long}"));
            let request = Client::new().request(method.to_uppercase().parse().unwrap(), url);
            let (status, kind, _) = answer(request).await;
            assert_eq!((status, &*kind), (414, "application/problem+json"));
            assert!(operation.get("414").is_some(), "{method} {path}");
        }
    }
}
