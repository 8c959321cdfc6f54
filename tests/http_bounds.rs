//! Jobs over HTTP: what is cut off, or refused before it costs anything.
#![allow(clippy::unwrap_used)]

mod served;

use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::Value;
use served::client::{SOON, answer, get, request};
use served::service::rows::flushed;
use served::service::{Guard, SHORT, Service, connect_slowly, guarded, job, large, open, serve};
use stream_events::Publisher;
use stream_events::http::{Api, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Behind a socket that takes little.
fn narrow(api: stream_events::http::ApiBuilder) -> Service {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(4096).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    Service::on(socket.listen(8).unwrap(), api)
}

/// So that nobody has the server keep many of them at a time.
#[tokio::test]
async fn a_page_that_is_not_read_counts_as_a_connection_until_it_is_cut_off() {
    let publisher = Publisher::connect("memory:http:unread").unwrap();
    let job = large(&publisher).await;
    job.completed(&"x".repeat(200_000));
    flushed(&publisher).await;
    for path in ["/jobs/a_1/events", "/jobs/a_1", "/jobs"] {
        // Ample for another to ask meanwhile.
        let limits = Limits::default().connections(1).patience(SHORT * 15);
        let service = narrow(Api::builder(publisher.reader(), open).limits(limits));
        let mut slow = connect_slowly(&service, path, "").await;
        slow.read_exact(&mut [0]).await.unwrap();
        let url = service.url("/jobs/unknown");
        let status = || async { Client::new().get(&url).send().await.unwrap().status() };
        assert_eq!(status().await, 429, "{path}");
        let again = async { while status().await == 429 {} };
        let cut_off = tokio::time::timeout(SOON, again).await;
        cut_off.unwrap_or_else(|_| panic!("{path} is cut off"));
        // What came before is no whole answer.
        let mut rest = Vec::new();
        let _ = slow.read_to_end(&mut rest).await;
        assert!(!rest.ends_with(b"\r\n0\r\n\r\n"), "{path}");
    }
}

/// Who reads at its own pace gets all.
#[tokio::test]
async fn a_page_that_is_read_slowly_is_whole() {
    let publisher = Publisher::connect("memory:http:slowly").unwrap();
    let _job = large(&publisher).await;
    let service = narrow(Api::builder(publisher.reader(), open));
    let mut slow = connect_slowly(&service, "/jobs/a_1/events", "Connection: close\r\n").await;
    let mut text = Vec::new();
    slow.read_to_end(&mut text).await.unwrap();
    assert!(text.ends_with(b"\r\n0\r\n\r\n") && text.len() > 1 << 20);
    let (status, _, page) = get(&service.url("/jobs/a_1/events")).await;
    assert_eq!((status, page["events"].as_array().unwrap().len()), (200, 7));
}

#[tokio::test]
async fn a_body_that_is_said_to_be_too_large_is_not_waited_for() {
    let publisher = Publisher::connect("memory:http:said_large").unwrap();
    let limits = Limits::default().patience(Duration::MAX);
    let service = guarded(&publisher, &Guard::default(), limits).await;
    for (caller, bytes, expected) in [
        ("alice", "262145", "413"),
        ("alice", "10000000000000000000", "413"),
        ("bob", "10000000000000000000", "404"),
    ] {
        let mut client = TcpStream::connect(&service.address).await.unwrap();
        let head = format!(
            "POST /jobs/alice_1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {caller}\r\nContent-Type: application/json\r\nContent-Length: {bytes}\r\n\r\n{{"
        );
        client.write_all(head.as_bytes()).await.unwrap();
        let mut answer = vec![0; 12];
        let read = tokio::time::timeout(SOON, client.read_exact(&mut answer));
        read.await.expect("at once").unwrap();
        assert_eq!(answer, format!("HTTP/1.1 {expected}").into_bytes());
    }
}

#[tokio::test]
async fn a_method_without_end_is_not_said_back() {
    let service = Service::open("memory:http:method").await;
    for (method, said) in [
        ("PUT", "\"PUT\"".to_owned()),
        (&*"X".repeat(3000), "X".repeat(20)),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let (status, kind, problem) =
            answer(Client::new().request(method, service.url("/jobs"))).await;
        assert_eq!((status, &*kind), (405, "application/problem+json"));
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(&said) && detail.len() < 300, "{detail}");
    }
}

#[tokio::test]
async fn who_asks_once_the_server_is_told_to_stop_is_told_so() {
    let publisher = Publisher::connect("memory:http:closed").unwrap();
    job(&publisher, "alice_1").await.completed(&());
    flushed(&publisher).await;
    let guard = Guard::default();
    let service = guarded(&publisher, &guard, Limits::default()).await;
    let routes = [
        (Method::GET, "/jobs"),
        (Method::GET, "/jobs/alice_1"),
        (Method::GET, "/jobs/alice_1/events"),
        (Method::GET, "/jobs/alice_1/stream"),
        (Method::GET, "/stream?job_id=alice_1"),
        (Method::POST, "/jobs/alice_1/events"),
    ];
    let status = async |caller| {
        let mut found = Vec::new();
        for (method, path) in &routes {
            let request = request(&service, method, path, Some(caller));
            let request = request.header("content-type", "application/json");
            let (status, _, problem) = answer(request.body(r#"{"event_type":"a"}"#)).await;
            let detail = problem["detail"].as_str().unwrap_or_default().to_owned();
            found.push((status, detail));
        }
        found
    };
    let before = publisher.stream_length("alice_1").await.unwrap();
    service.api.close().await;
    let about_to_stop = (503, "the server is about to stop".to_owned());
    assert_eq!(status("alice").await, vec![about_to_stop; 6]);
    let after = publisher.stream_length("alice_1").await.unwrap();
    assert_eq!(before, after, "nothing is added");
    let of_bob = status("bob").await;
    assert!(
        of_bob[1..].iter().all(|(status, _)| *status == 404),
        "{of_bob:?}"
    );
    for path in ["/openapi.json", "/stream-events.js"] {
        assert_eq!(get(&service.url(path)).await.0, 200, "{path}");
    }
    // Another handle is another server's.
    let other = serve(&publisher, Limits::default()).await;
    let (status, _, state) = get(&other.url("/jobs/alice_1")).await;
    assert_eq!((status, &state["status"]), (200, &Value::from("completed")));
}
