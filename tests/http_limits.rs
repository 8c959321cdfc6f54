//! Jobs over HTTP: who gets no more than there is to get, and streams that end before their jobs.
#![allow(clippy::unwrap_used)]

mod served;

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use reqwest::{Client, Method};
use serde_json::Value;
use served::client::{Events, SOON, answer, get, names, request};
use served::service::rows::flushed;
use served::service::{Guard, SHORT, Service, connect_slowly, guarded, job, large, open};
use stream_events::http::{Api, Limits};
use stream_events::{Publisher, Reader};
use support::TestRedis;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn a_caller_has_as_many_connections_as_it_may_and_another_has_its_own() {
    let publisher = Publisher::connect("memory:http:connections").unwrap();
    let limits = Limits::default().connections(2).all_connections(3);
    let service = guarded(&publisher, &Guard::default(), limits).await;
    let stream = |caller| {
        request(
            &service,
            &Method::GET,
            &format!("/jobs/{caller}_1/stream"),
            Some(caller),
        )
    };
    let first = Events::of(stream("alice")).await;
    let _second = Events::of(stream("alice")).await;
    let (status, _, problem) = answer(stream("alice")).await;
    assert_eq!(status, 429, "{problem}");
    let page = request(
        &service,
        &Method::GET,
        "/jobs/alice_1/events",
        Some("alice"),
    );
    let refused = page.try_clone().unwrap().send().await.unwrap();
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["retry-after"]),
        (429, &"2".parse().unwrap())
    );
    let _other = Events::of(stream("bob")).await;
    let (status, _, problem) = answer(stream("bob")).await;
    assert_eq!(status, 503, "{problem}");
    drop(first);
    // As soon as the server has seen that the client is gone.
    let again = async {
        while page.try_clone().unwrap().send().await.unwrap().status() != 200 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, again).await.unwrap();
}

#[tokio::test]
async fn a_stream_ends_with_its_lifetime_and_goes_on_where_it_is_taken_up_again() {
    let publisher = Publisher::connect("memory:http:lifetime").unwrap();
    let job = job(&publisher, "a_1").await;
    // Ample for what is there to come before it ends.
    let lifetime = SHORT * 10;
    let limits = Limits::default().lifetime(lifetime).keep_alive(SHORT / 4);
    let service = Service::of(Api::builder(publisher.reader(), open).limits(limits)).await;
    let url = service.url("/jobs/a_1/stream");
    let mut events = Events::open(&url).await;
    let mut seen = Vec::new();
    let begun = Instant::now();
    while let Some(frame) = events.next().await {
        seen.push(frame);
    }
    assert!(begun.elapsed() > lifetime / 2, "{:?}", begun.elapsed());
    assert_eq!(names(&seen), ["task_started", "row", "bye"]);
    assert_eq!(
        (&seen[2].data["why"], &seen[2].id),
        (&"lifetime".into(), &None)
    );
    assert_eq!(events.source.retry, Some(2000));
    assert!(events.source.comments >= 2, "{}", events.source.comments);
    job.completed(&());
    let rest = Events::open(&format!("{url}?after={}", events.last_id))
        .await
        .rest()
        .await;
    assert_eq!(names(&rest), ["task_completed", "end"]);
}

#[tokio::test]
async fn streams_end_with_bye_when_the_server_is_told_to_stop() {
    let publisher = Publisher::connect("memory:http:shutdown").unwrap();
    let _job = job(&publisher, "a_1").await;
    let api = Api::builder(publisher.reader(), open).build();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (routes, closing) = (api.router(), api.clone());
    let serving = tokio::spawn(async move {
        let shutdown = async move {
            stopped.await.unwrap();
            closing.close().await;
        };
        axum::serve(listener, routes)
            .with_graceful_shutdown(shutdown)
            .await
            .unwrap();
    });
    let mut events = Events::open(&format!("http://{address}/jobs/a_1/stream")).await;
    events.next().await.unwrap();
    let url = format!("ws://{address}/jobs/a_1/stream");
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    socket.next().await.unwrap().unwrap();
    stop.send(()).unwrap();
    let rest = events.rest().await;
    assert_eq!(
        (names(&rest), &rest[1].data["why"]),
        (vec!["row", "bye"], &"shutdown".into())
    );
    let mut last = None;
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Text(text) = message {
            last = Some(serde_json::from_str::<Value>(&text).unwrap());
        }
    }
    assert_eq!(last.unwrap()["type"], "bye");
    tokio::time::timeout(SOON, serving)
        .await
        .expect("it stops")
        .unwrap();
}

/// Row 44: it is cut off, costs no more than what is on its way to it, and holds up nobody.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_a_byte_a_second_is_cut_off_and_holds_up_nobody() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let _job = large(&publisher).await;
    let limits = Limits::default().connections(2).patience(SHORT * 15);
    let service = Service::of(Api::builder(publisher.reader(), open).limits(limits)).await;
    let socket = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for head in ["", socket] {
        let mut slow = connect_slowly(&service, "/jobs/a_1/stream", head).await;
        let mut byte = [0];
        slow.read_exact(&mut byte).await.unwrap();
        let url = service.url("/jobs/a_1/stream");
        let mut quick = Events::open(&url).await;
        // Its connection counts until it is cut off, and not longer.
        assert_eq!(Client::new().get(&url).send().await.unwrap().status(), 429);
        for _ in 0..101 {
            quick.next().await.unwrap();
        }
        let begun = Instant::now();
        while Client::new().get(&url).send().await.unwrap().status() == 429 {
            slow.read_exact(&mut byte).await.unwrap();
            tokio::time::sleep(SHORT / 4).await;
            assert!(begun.elapsed() < SOON);
        }
        // What is left of it is in the kernel's hands.
        drop(slow);
    }
}

/// What the server has for it is more than the server takes at a time.
#[tokio::test]
async fn a_client_that_reads_nothing_of_large_events_is_cut_off() {
    let redis = TestRedis::start();
    let text = "x".repeat(2 << 20);
    (0..8).for_each(|_| redis.run(&["XADD", "job_events:a_1", "*", "data", &text]));
    let limits = Limits::default().connections(1).patience(SHORT);
    let api = Api::builder(Reader::connect(redis.reader_url()).unwrap(), open).limits(limits);
    let service = Service::of(api).await;
    let mut slow = connect_slowly(&service, "/jobs/a_1/stream", "").await;
    slow.read_exact(&mut [0]).await.unwrap();
    let url = service.url("/jobs/unknown");
    let again = async { while Client::new().get(&url).send().await.unwrap().status() == 429 {} };
    tokio::time::timeout(SOON, again).await.unwrap();
}

#[tokio::test]
async fn what_a_client_says_over_a_websocket_is_bounded_and_not_listened_to() {
    let publisher = Publisher::connect("memory:http:said").unwrap();
    let _job = job(&publisher, "a_1").await;
    let service = Service::of(Api::builder(publisher.reader(), open)).await;
    let url = format!("ws://{}/jobs/a_1/stream", service.address);
    let (mut socket, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
    socket
        .send(Message::text("{\"type\":\"subscribe\"}"))
        .await
        .unwrap();
    socket.send(Message::Ping(vec![1].into())).await.unwrap();
    let mut is_answered = false;
    let mut texts = 0;
    while !is_answered || texts < 2 {
        match socket.next().await.unwrap().unwrap() {
            Message::Pong(said) => is_answered = said[..] == [1],
            Message::Text(_) => texts += 1,
            _ => {}
        }
    }
    let (mut loud, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
    let _ = loud.send(Message::text("x".repeat(10_000))).await;
    let ended = async { while let Some(Ok(_)) = loud.next().await {} };
    tokio::time::timeout(SOON, ended).await.unwrap();
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let publisher = Publisher::connect("memory:http:body").unwrap();
    let limits = Limits::default().patience(SHORT);
    let service = guarded(&publisher, &Guard::default(), limits).await;
    let mut slow = TcpStream::connect(&service.address).await.unwrap();
    let head = "POST /jobs/alice_1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer alice\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    let read = tokio::time::timeout(SOON, slow.read_exact(&mut answer));
    read.await.unwrap().unwrap();
    assert_eq!(answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn limits_that_are_none_are_taken() {
    let publisher = Publisher::connect("memory:http:none").unwrap();
    job(&publisher, "a_1").await.completed(&());
    flushed(&publisher).await;
    for time in [Duration::ZERO, Duration::MAX] {
        let limits = Limits::default().keep_alive(time).ask_again(time);
        let limits = limits.page(0).lifetime(Duration::MAX);
        let limits = limits
            .connections(usize::MAX)
            .jobs(usize::MAX)
            .body(usize::MAX);
        let service = Service::of(Api::builder(publisher.reader(), open).limits(limits)).await;
        let frames = Events::open(&service.url("/jobs/a_1/stream"))
            .await
            .rest()
            .await;
        assert_eq!(
            names(&frames),
            ["task_started", "row", "task_completed", "end"]
        );
        let (_, _, page) = get(&service.url("/jobs/a_1/events")).await;
        assert_eq!(page["events"].as_array().unwrap().len(), 1);
    }
}
