//! What went wrong, as callers are told: a problem document.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Denied;
use super::object::write_text;
use crate::{Error, ErrorKind, said};

/// A problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)).
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) detail: Cow<'static, str>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            detail: detail.into(),
        }
    }

    pub(super) fn invalid(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// The same for what may not be seen, and for what is not there.
    pub(super) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "there is no such thing, or none that this request may see",
        )
    }

    pub(super) fn unavailable(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// On one line.
    pub(super) fn to_json(&self) -> Vec<u8> {
        let mut json = br#"{"type":"about:blank","title":"#.to_vec();
        write_text(
            &mut json,
            self.status.canonical_reason().unwrap_or_default(),
        );
        json.extend_from_slice(format!(",\"status\":{}", self.status.as_u16()).as_bytes());
        json.extend_from_slice(b",\"detail\":");
        write_text(&mut json, &self.detail);
        json.push(b'}');
        json
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let json = HeaderValue::from_static("application/problem+json");
        let mut response = (self.status, self.to_json()).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        if matches!(
            self.status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        ) {
            let soon = HeaderValue::from_static("2");
            response.headers_mut().insert(header::RETRY_AFTER, soon);
        }
        response
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::NotFound => Self::not_found(),
            Denied::Unavailable => Self::unavailable("it cannot be said now who may see this"),
        }
    }
}

/// What is the caller's fault is named; of the store, which is none of the caller's business, no more than
/// that it is away or refuses: why, is said in the log.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let is_the_stores = matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Rejected);
        if is_the_stores && said::begins(error.to_string()) {
            tracing::warn!(target: "stream_events", "{error}; who asks over HTTP is told no reason");
        }
        match error.kind() {
            ErrorKind::InvalidJobId
            | ErrorKind::InvalidEventId
            | ErrorKind::InvalidEvent
            | ErrorKind::InvalidQuery
            | ErrorKind::InvalidCursor => Self::invalid(error.to_string()),
            ErrorKind::TooLarge => Self::new(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()),
            ErrorKind::QueueFull | ErrorKind::Unavailable | ErrorKind::Closed => {
                Self::unavailable("the store is away or too slow, and nothing was sent")
            }
            ErrorKind::Timeout if error.may_still_arrive() => Self::new(
                StatusCode::GATEWAY_TIMEOUT,
                "the store has not acknowledged the event in time; it may still arrive",
            ),
            ErrorKind::Timeout => Self::new(
                StatusCode::GATEWAY_TIMEOUT,
                "the store has not answered in time",
            ),
            _ => Self::new(StatusCode::BAD_GATEWAY, "the store refuses"),
        }
    }
}
