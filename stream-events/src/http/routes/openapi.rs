//! `GET /openapi.json`: what the routes are, for programs.

use super::*;

pub(super) async fn document() -> Response {
    json(StatusCode::OK, include_str!("../openapi.json"))
}
