//! A client of server-sent events, by a connection of its own.
#![allow(dead_code, reason = "each file uses a part of it")]

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;
use support::{EventSource, Message};
use tokio_tungstenite::tungstenite;

use super::service::Service;

/// Longer than anything here takes.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// What comes over one connection.
pub(crate) struct Events {
    body: BoxStream<'static, reqwest::Result<Vec<u8>>>,
    pub(crate) source: EventSource,
    ready: VecDeque<Message>,
    /// Of the last frame that was taken.
    pub(crate) last_id: String,
}

/// One frame: its name, its object, its id.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frame {
    pub(crate) name: String,
    pub(crate) data: Value,
    pub(crate) id: Option<String>,
}

impl Frame {
    /// Whether it is the event of this id.
    pub(crate) fn is_of(&self, id: &str) -> bool {
        self.id.as_deref() == Some(id) && self.data["id"] == id
    }
}

impl Events {
    pub(crate) async fn open(url: &str) -> Self {
        Self::of(Client::new().get(url)).await
    }

    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let content_type = &answer.headers()["content-type"];
        assert_eq!(content_type, "text/event-stream");
        let pieces = answer.bytes_stream();
        Self {
            body: pieces.map(|piece| Ok(piece?.to_vec())).boxed(),
            source: EventSource::default(),
            ready: VecDeque::new(),
            last_id: String::new(),
        }
    }

    /// The next frame; none after the last.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        let message = tokio::time::timeout(SOON, self.message());
        let message = message.await.expect("a frame comes")?;
        if let Some(id) = &message.id {
            self.last_id.clone_from(id);
        }
        Some(Frame {
            data: serde_json::from_str(&message.data).unwrap(),
            name: message.name,
            id: message.id,
        })
    }

    pub(crate) async fn message(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Some(message);
            }
            let piece = self.body.next().await?.ok()?;
            self.ready.extend(self.source.feed(&piece));
        }
    }

    pub(crate) async fn rest(mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            frames.push(frame);
        }
        frames
    }
}

/// Their names, in their order.
pub(crate) fn names(frames: &[Frame]) -> Vec<&str> {
    frames.iter().map(|frame| frame.name.as_str()).collect()
}

/// The ids of events.
pub(crate) fn ids(frames: &[Frame]) -> Vec<&str> {
    frames
        .iter()
        .filter_map(|frame| frame.data["id"].as_str())
        .collect()
}

/// The status, the content type and the body of an answer.
pub(crate) async fn answer(request: RequestBuilder) -> (u16, String, Value) {
    let answer = request.send().await.unwrap();
    let content_type = answer.headers().get("content-type");
    let content_type = content_type.map_or("", |value| value.to_str().unwrap());
    let content_type = content_type.to_owned();
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    // A stream would have no end.
    let body = tokio::time::timeout(SOON, answer.text()).await;
    let body = body.expect("the answer is whole").unwrap();
    let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
    (status, content_type, body)
}

pub(crate) async fn get(url: &str) -> (u16, String, Value) {
    answer(Client::new().get(url)).await
}

pub(crate) fn request(
    service: &Service,
    method: &Method,
    path: &str,
    token: Option<&str>,
) -> RequestBuilder {
    let request = Client::new().request(method.clone(), service.url(path));
    match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    }
}

/// All that comes as messages, by `type` and cursor.
pub(crate) async fn messages(service: &Service, path: &str, most: usize) -> Vec<Value> {
    let url = format!("ws://{}{path}", service.address);
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let mut messages = Vec::new();
    while messages.len() < most {
        let next = tokio::time::timeout(SOON, socket.next()).await;
        match next.expect("a message comes") {
            Some(Ok(tungstenite::Message::Text(text))) => {
                messages.push(serde_json::from_str(&text).unwrap())
            }
            Some(Ok(tungstenite::Message::Close(_))) | None => break,
            Some(Ok(_)) => {}
            Some(Err(error)) => panic!("{error}"),
        }
    }
    messages
}
