//! Frames as messages of a WebSocket.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::header::UPGRADE;
use axum::http::request::Parts;
use futures_util::SinkExt;
use tokio::time::{Instant, timeout};

use super::frame::Frame;
use super::object::write_text;
use super::sink::{Gone, PIECE, Sink};
use super::{Limits, Problem};

/// A client that reads messages.
pub(super) struct Socket {
    socket: WebSocket,
    messages: Vec<Message>,
    bytes: usize,
    patience: Duration,
    /// How long a client may say nothing, not even that it has had a ping.
    silence: Duration,
    heard: Instant,
}

/// A client has nothing to say but that it is there.
const LARGEST_MESSAGE: usize = 4 * 1024;
/// Pings that may go without an answer.
const UNANSWERED: u32 = 3;

/// Whether the request asks for a WebSocket.
pub(super) fn is_asked_for(request: &Parts) -> bool {
    let upgrade = request.headers.get(UPGRADE);
    upgrade.is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// What the client asks for, if it does so in good order.
pub(super) async fn upgrade(request: &mut Parts) -> Result<WebSocketUpgrade, Problem> {
    let upgrade = WebSocketUpgrade::from_request_parts(request, &()).await;
    let upgrade = upgrade.map_err(|refused| Problem::new(refused.status(), refused.body_text()))?;
    Ok(upgrade
        .read_buffer_size(LARGEST_MESSAGE)
        .max_message_size(LARGEST_MESSAGE)
        .max_frame_size(LARGEST_MESSAGE))
}

impl Socket {
    pub(super) fn new(socket: WebSocket, limits: &Limits) -> Self {
        Self {
            socket,
            messages: Vec::new(),
            bytes: 0,
            patience: limits.patience,
            silence: limits.keep_alive.saturating_mul(UNANSWERED),
            heard: Instant::now(),
        }
    }

    /// Waits until the client has taken it.
    async fn send(&mut self, messages: Vec<Message>) -> Result<(), Gone> {
        let sending = async {
            for message in messages {
                self.socket.feed(message).await?;
            }
            self.socket.flush().await
        };
        match timeout(self.patience, sending).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Gone),
        }
    }
}

impl Sink for Socket {
    fn put(&mut self, frame: &Frame<'_>) {
        if let Frame::Place(_) = frame {
            return;
        }
        let mut text = Vec::new();
        text.extend_from_slice(b"{\"type\":");
        write_text(&mut text, frame.name());
        if let Frame::Event { cursor, .. } = frame {
            text.extend_from_slice(b",\"cursor\":");
            write_text(&mut text, &cursor.to_string());
        }
        text.push(b',');
        frame.write_members(&mut text);
        text.push(b'}');
        self.bytes += text.len();
        // JSON that was written from text is text.
        let text = String::from_utf8(text).unwrap_or_default();
        self.messages.push(Message::Text(text.into()));
    }

    fn is_full(&self) -> bool {
        self.bytes >= PIECE
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        self.bytes = 0;
        let messages = std::mem::take(&mut self.messages);
        self.send(messages).await
    }

    async fn keep_alive(&mut self) -> Result<(), Gone> {
        if self.heard.elapsed() > self.silence {
            return Err(Gone);
        }
        self.send(vec![Message::Ping(Vec::new().into())]).await
    }

    async fn gone(&mut self) {
        // Pings are answered below, and so is a close, where it is read on behind it.
        while let Some(Ok(_)) = self.socket.recv().await {
            self.heard = Instant::now();
        }
    }

    async fn close(mut self) {
        let close = CloseFrame {
            code: close_code::NORMAL,
            reason: "".into(),
        };
        let _ = self.send(vec![Message::Close(Some(close))]).await;
        // The client answers, and what it had not read is not thrown away.
        let _ = timeout(self.patience, self.gone()).await;
    }
}
