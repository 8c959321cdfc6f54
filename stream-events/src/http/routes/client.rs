//! `GET /stream-events.js`: the module by which a page follows jobs.

use super::*;

/// The same for everyone, and nothing of any job: it is not asked who wants it.
pub(super) async fn module() -> Response {
    let text = include_str!("../../../client/stream-events.js");
    let mut response = text.into_response();
    let script = HeaderValue::from_static("text/javascript; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, script);
    response
}
