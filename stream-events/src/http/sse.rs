//! Frames as server-sent events.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::body::{self, Outlet};
use super::frame::Frame;
use super::gate::Permit;
use super::sink::{Gone, PIECE, Sink};

/// A client that reads [server-sent
/// events](https://html.spec.whatwg.org/multipage/server-sent-events.html).
pub(super) struct Events {
    text: Vec<u8>,
    outlet: Outlet,
}

/// For how long a client that lost its connection waits before it comes back.
const RETRY: &[u8] = b"retry: 2000\n\n";
/// The same for one that was told an error, which may be there for long, and for thousands of clients.
const RETRY_LATER: &[u8] = b"retry: 10000\n";

/// Bytes of what is mostly sent at a time: an event.
const USUAL: usize = 512;

/// The response, and the way to the client that gets it.
pub(super) fn open(permit: Permit, patience: Duration) -> (Response, Events) {
    let (body, outlet) = body::open(permit, patience);
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    );
    // For nginx, which would keep events back until it has enough of them.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    let events = Events {
        text: RETRY.to_vec(),
        outlet,
    };
    (response, events)
}

/// Appends a frame: lines of its id, its name and its data, and an empty one. An id alone is nothing that a page
/// sees, and what its browser has seen last.
pub(super) fn write(out: &mut Vec<u8>, frame: &Frame<'_>) {
    match frame {
        Frame::Event { cursor, .. } => {
            out.extend_from_slice(format!("id: {cursor}\n").as_bytes());
        }
        Frame::Place(cursor) => {
            return out.extend_from_slice(format!("id: {cursor}\n\n").as_bytes());
        }
        Frame::Error(_) => out.extend_from_slice(RETRY_LATER),
        _ => {}
    }
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name(frame).as_bytes());
    out.extend_from_slice(b"\ndata: {");
    frame.write_members(out);
    out.extend_from_slice(b"}\n\n");
}

/// An event's own type where that is a plain name that means nothing else, so that no writer of events
/// can have one pass for another frame.
fn name<'a>(frame: &Frame<'a>) -> &'a str {
    let Frame::Event { event, .. } = *frame else {
        return frame.name();
    };
    let name = event.event_type().as_str();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    let is_short = (1..=LONGEST_NAME).contains(&name.len());
    if is_short && name.bytes().all(is_plain) && !OTHERS.contains(&name) {
        name
    } else {
        frame.name()
    }
}

const LONGEST_NAME: usize = 64;
/// What other frames are called, and what an `EventSource` says by itself.
const OTHERS: [&str; 6] = ["gap", "end", "error", "bye", "open", "message"];

impl Sink for Events {
    fn put(&mut self, frame: &Frame<'_>) {
        if self.text.capacity() == 0 {
            self.text.reserve(USUAL);
        }
        write(&mut self.text, frame);
    }

    fn is_full(&self) -> bool {
        self.text.len() >= PIECE
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        let text = std::mem::take(&mut self.text);
        self.outlet.send(text.into()).await
    }

    async fn keep_alive(&mut self) -> Result<(), Gone> {
        self.outlet.send(Bytes::from_static(b":\n\n")).await
    }

    async fn gone(&mut self) {
        self.outlet.gone().await;
    }

    async fn close(self) {}
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;
    use support::EventSource;

    use super::*;
    use crate::event::Entry;
    use crate::http::{Cursor, Problem};
    use crate::{Event, EventId, JobId};

    /// Much of what breaks lines, frames and texts.
    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let pieces = [
            &b"\r"[..],
            b"\n",
            b"\r\n\r\n",
            b"data: x",
            b"event: end",
            b"id: 1-1",
            b":",
            b"\0",
            b"\"",
            b"\\",
            b"{",
            b"}",
            b"[",
            b"1",
            b",",
            b" ",
            b"\xff",
            b"\xef\xbb\xbf",
            b"\\ud800",
            "\u{2028}".as_bytes(),
            "汉".as_bytes(),
            b"gap",
            b"row",
            b"{\"a\":\n1}",
        ];
        let piece = prop::sample::select(pieces.map(<[u8]>::to_vec).to_vec());
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    fn read(bytes: &[u8], pieces: usize) -> Vec<support::Message> {
        let mut source = EventSource::default();
        let size = bytes.len().div_ceil(pieces.max(1)).max(1);
        bytes
            .chunks(size)
            .flat_map(|piece| source.feed(piece))
            .collect()
    }

    proptest! {
        #[test]
        fn a_frame_is_one_message_whatever_its_event_holds(
            fields in prop::collection::vec((hostile(), hostile()), 0..3),
            data in hostile(),
            timestamp in hostile(),
            kind in hostile(),
            pieces in 1..9_usize,
        ) {
            let ours = [("data", data), ("timestamp", timestamp), ("event_type", kind)];
            let ours = ours.map(|(name, value)| (name.as_bytes().to_vec(), value));
            let all = ours.into_iter().chain(fields);
            let event = Event::from(Entry::new(EventId::new(5, 7), all));
            let job = JobId::try_from("<a>\"\u{2028}").unwrap();
            let cursor = Cursor::parse("5-7,0-0", 2).unwrap();
            let frame = Frame::Event { job: &job, event: &event, cursor: &cursor };
            let mut out = RETRY.to_vec();
            write(&mut out, &frame);
            write(&mut out, &Frame::End { job: &job });
            let messages = read(&out, pieces);
            prop_assert_eq!(messages.len(), 2);
            let [first, end] = &messages[..] else { unreachable!() };
            prop_assert_eq!(first.id.as_deref(), Some("5-7,0-0"));
            let kind = event.event_type().as_str();
            prop_assert!(first.name == "event" || first.name == kind && !OTHERS.contains(&kind));
            // What has a lone surrogate is JSON that is no text in Rust.
            if !first.data.contains("ud800") {
                let object: Value = serde_json::from_str(&first.data).unwrap();
                prop_assert_eq!(&object["event_type"], kind);
                let data = event.data();
                let data = serde_json::from_str(&data).unwrap_or_else(|_| Value::from(&*data));
                prop_assert_eq!(&object["data"], &data);
            }
            prop_assert_eq!((&*end.name, end.id.as_ref()), ("end", None));
        }
    }

    /// Of a store that refuses for good, thousands would ask every 2 s.
    #[test]
    fn who_is_told_an_error_comes_back_later_than_who_lost_the_connection() {
        let mut source = EventSource::default();
        source.feed(RETRY);
        assert_eq!(source.retry, Some(2000));
        let (mut out, problem) = (Vec::new(), Problem::not_found());
        write(&mut out, &Frame::Error(&problem));
        let messages = source.feed(&out);
        assert_eq!((messages.len(), source.retry), (1, Some(10_000)));
    }

    #[test]
    fn no_frame_but_an_event_has_an_id() {
        let job = JobId::try_from("a").unwrap();
        let problem = Problem::not_found();
        for (frame, data) in [
            (Frame::End { job: &job }, r#"{"job_id":"a"}"#),
            (
                Frame::Bye(super::super::frame::Bye::Lifetime),
                r#"{"why":"lifetime"}"#,
            ),
            (
                Frame::Bye(super::super::frame::Bye::Shutdown),
                r#"{"why":"shutdown"}"#,
            ),
            (
                Frame::Error(&problem),
                r#"{"type":"about:blank","title":"Not Found","status":404,"detail":"there is no such thing, or none that this request may see"}"#,
            ),
        ] {
            let mut out = Vec::new();
            write(&mut out, &frame);
            let messages = read(&out, 1);
            assert_eq!(messages.len(), 1);
            assert_eq!(
                (&*messages[0].name, &*messages[0].data),
                (frame.name(), data)
            );
            assert_eq!(messages[0].id, None);
        }
    }
}
