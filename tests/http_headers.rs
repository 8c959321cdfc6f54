//! Jobs over HTTP: what proxies and browsers are told beside the answers.
#![allow(clippy::unwrap_used)]

mod served;

use axum::http::{HeaderName, HeaderValue, Method};
use reqwest::{Client, Response};
use served::service::{ended, open, serve};
use stream_events::Publisher;
use stream_events::http::{Api, Limits};
use tower_http::cors::CorsLayer;

fn header<'a>(answer: &'a Response, name: &str) -> Option<&'a str> {
    let value = answer.headers().get(name)?;
    Some(value.to_str().unwrap())
}

#[tokio::test]
async fn no_proxy_keeps_a_stream_back_and_nobody_keeps_an_answer() {
    let publisher = Publisher::connect("memory:http:headers").unwrap();
    let written = ended(&publisher, "job_001").await;
    let service = serve(&publisher, Limits::default()).await;
    let gone = format!("/jobs/job_001/stream?after={}", written[4]);
    for (path, status, is_stream) in [
        ("/jobs/job_001/stream", 200, true),
        ("/stream?job_id=job_001", 200, true),
        ("/jobs/job_001/replay", 200, true),
        (&gone, 204, false),
        ("/jobs", 200, false),
        ("/jobs/job_001", 200, false),
        ("/jobs/none", 404, false),
        ("/jobs/job_001/events", 200, false),
        ("/stream", 400, false),
        ("/stream-events.js", 200, false),
        ("/openapi.json", 200, false),
    ] {
        let answer = Client::new().get(service.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(header(&answer, "cache-control"), Some("no-store"), "{path}");
        assert_eq!(
            header(&answer, "x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        let buffering = header(&answer, "x-accel-buffering");
        let content_type = header(&answer, "content-type");
        assert_eq!(buffering, is_stream.then_some("no"), "{path}");
        assert_eq!(
            content_type == Some("text/event-stream"),
            is_stream,
            "{path}"
        );
        // It goes out piece by piece.
        assert!(
            !is_stream || header(&answer, "content-length").is_none(),
            "{path}"
        );
    }
}

/// As the documentation has it; without it a browser is told nothing that lets it go on.
#[tokio::test]
async fn pages_of_other_origins_are_let_in_by_a_layer_around_the_routes() {
    const PAGE: &str = "https://app.example";
    let publisher = Publisher::connect("memory:http:origins").unwrap();
    ended(&publisher, "job_001").await;
    let bare = serve(&publisher, Limits::default()).await;
    let api = Api::builder(publisher.reader(), open).publisher(publisher.clone());
    let named = ["authorization", "content-type", "last-event-id"];
    let cors = CorsLayer::new()
        .allow_origin(HeaderValue::from_static(PAGE))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(named.map(HeaderName::from_static))
        .expose_headers([HeaderName::from_static("retry-after")])
        .allow_credentials(true);
    let routes = api.origins([PAGE]).router().layer(cors);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });

    let path = "/jobs/job_001/events";
    let preflight = |url: String, origin: &str| {
        let request = Client::new().request(Method::OPTIONS, url);
        let request = request.header("origin", origin);
        let request = request.header("access-control-request-method", "POST");
        request.header("access-control-request-headers", "content-type")
    };
    let answer = preflight(format!("{base}{path}"), PAGE)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(header(&answer, "access-control-allow-origin"), Some(PAGE));
    assert_eq!(
        header(&answer, "access-control-allow-methods"),
        Some("GET,POST")
    );
    let answer = preflight(bare.url(path), PAGE).send().await.unwrap();
    assert_eq!(answer.status(), 405);
    assert_eq!(header(&answer, "access-control-allow-origin"), None);

    let post = |base: &str, origin: &'static str| {
        let request = Client::new().post(format!("{base}{path}"));
        let request = request.header("content-type", "application/json");
        request
            .header("origin", origin)
            .body(r#"{"event_type":"noted"}"#)
    };
    let answer = post(&base, PAGE).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    assert_eq!(header(&answer, "access-control-allow-origin"), Some(PAGE));
    for (base, origin) in [(&base, "https://evil.example"), (&bare.url(""), PAGE)] {
        let answer = post(base, origin).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{origin}");
    }
    let stream = Client::new().get(format!("{base}/jobs/job_001/stream"));
    let answer = stream.header("origin", PAGE).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(header(&answer, "access-control-allow-origin"), Some(PAGE));
    assert_eq!(
        header(&answer, "access-control-expose-headers"),
        Some("retry-after")
    );
    serving.abort();
}
