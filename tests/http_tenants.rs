//! Jobs over HTTP of tenants that share a server: each router shows and takes what is its own tenant's.
#![allow(clippy::unwrap_used)]

mod served;

use axum::Router;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use served::client::{Events, answer, ids};
use served::service::ended;
use stream_events::http::{Api, Asked, Denied, Grant, bearer};
use stream_events::{Publisher, Reader};
use support::{Log, TestRedis};
use tokio::net::TcpListener;

/// The names begin alike, and so do their prefixes.
const TENANTS: [&str; 2] = ["a", "ab"];

fn prefix(tenant: &str) -> String {
    format!("{tenant}:job_events")
}

/// The one way to tell whose a request is, for all tenants.
fn tenant_of(asked: Asked<'_>) -> Option<&str> {
    bearer(asked.request)?.strip_suffix("-token")
}

/// The routes of this tenant: for its own, of its own reader.
fn routes(reader: &Reader, publisher: &Publisher, tenant: &'static str) -> Router {
    let reader = reader.clone().with_prefix(&prefix(tenant)).unwrap();
    let own = move |asked: Asked<'_>| match tenant_of(asked) {
        Some(of) if of == tenant => Ok(Grant::to(of)),
        _ => Err(Denied::NotFound),
    };
    Api::builder(reader, own)
        .publisher(publisher.clone())
        .router()
}

struct Tenants {
    address: String,
    publishers: [Publisher; 2],
}

impl Tenants {
    async fn serve(url: &str) -> Self {
        let publisher = |tenant| {
            let publisher = Publisher::builder().url(url).prefix(prefix(tenant));
            publisher.connect().unwrap()
        };
        let publishers = TENANTS.map(publisher);
        let reader = Reader::connect(url).unwrap();
        let all = TENANTS.iter().zip(&publishers);
        let routes = all.fold(Router::new(), |all, (tenant, publisher)| {
            all.nest(&format!("/{tenant}"), routes(&reader, publisher, tenant))
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self {
            address,
            publishers,
        }
    }

    fn ask(&self, method: Method, at: &str, path: &str, who: &str) -> RequestBuilder {
        let url = format!("http://{}/{at}{path}", self.address);
        Client::new()
            .request(method, url)
            .bearer_auth(format!("{who}-token"))
    }

    async fn get(&self, at: &str, path: &str, who: &str) -> (u16, Value) {
        let (status, _, body) = answer(self.ask(Method::GET, at, path, who)).await;
        (status, body)
    }
}

fn with_row(request: RequestBuilder) -> RequestBuilder {
    let request = request.header("content-type", "application/json");
    request.body(r#"{"event_type":"row"}"#)
}

async fn are_apart(url: &str) {
    let tenants = Tenants::serve(url).await;
    let [a, ab] = &tenants.publishers;
    ended(a, "both").await;
    ended(a, "of_a").await;
    let of_ab = ended(ab, "both").await;
    // Who asks for what is another's learns no more than of what is not there.
    let (_, nothing) = tenants.get("ab", "/jobs/none", "a").await;
    for (at, who) in [("a", "ab"), ("ab", "a"), ("a", ""), ("ab", "abc")] {
        for path in [
            "/jobs",
            "/jobs/both",
            "/jobs/both/events",
            "/jobs/both/stream",
            "/jobs/both/replay",
            "/stream?job_id=both",
        ] {
            assert_eq!(
                tenants.get(at, path, who).await,
                (404, nothing.clone()),
                "{at} {path} {who}"
            );
        }
        let add = tenants.ask(Method::POST, at, "/jobs/both/events", who);
        assert_eq!(answer(with_row(add)).await.0, 404, "{at} {who}");
    }
    for (tenant, jobs) in [("a", vec!["of_a", "both"]), ("ab", vec!["both"])] {
        let (status, page) = tenants.get(tenant, "/jobs", tenant).await;
        let listed = page["jobs"].as_array().unwrap().iter();
        let listed: Vec<_> = listed.map(|job| job["job_id"].as_str().unwrap()).collect();
        assert_eq!((status, listed), (200, jobs), "{tenant}");
    }
    assert_eq!(tenants.get("ab", "/jobs/of_a", "ab").await.0, 404);
    // One job id is a job of each.
    let frames = Events::of(tenants.ask(Method::GET, "ab", "/jobs/both/stream", "ab"))
        .await
        .rest()
        .await;
    assert_eq!(ids(&frames), of_ab);
    let add = tenants.ask(Method::POST, "ab", "/jobs/both/events", "ab");
    assert_eq!(answer(with_row(add)).await.0, 201);
    assert_eq!(a.stream_length("both").await.unwrap(), 5);
    assert_eq!(ab.stream_length("both").await.unwrap(), 6);
}

#[tokio::test]
async fn what_is_one_tenants_is_neither_shown_to_nor_changed_by_another() {
    let redis = TestRedis::start();
    for url in [redis.url(), "memory:http:tenants".to_owned()] {
        are_apart(&url).await;
    }
}

/// As where one publisher is meant for all tenants.
#[tokio::test]
async fn a_publisher_of_another_prefix_adds_nothing_and_the_log_says_why() {
    let url = "memory:http:tenants:shared";
    let publisher = Publisher::connect(url).unwrap();
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false);
    let subscriber = subscriber.with_writer(move || writer.clone()).finish();
    let reader = Reader::connect(url).unwrap();
    let routes = tracing::subscriber::with_default(subscriber, || routes(&reader, &publisher, "a"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    let add = Client::new().post(format!("http://{address}/jobs/job_001/events"));
    assert_eq!(answer(with_row(add.bearer_auth("a-token"))).await.0, 405);
    assert_eq!(publisher.stream_length("job_001").await.unwrap(), 0);
    let why = "the publisher's prefix is \"job_events\", and the reader's \"a:job_events\"; both have to be the same";
    assert_eq!(log.count(why), 1, "{}", log.text());
}
