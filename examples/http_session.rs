//! This example shows jobs over HTTP for people who have logged in: a page's `EventSource` sends their cookie.
//!
//! `PASSWORD=s3cret cargo run --example http_session [ADDRESS]`, then
//! `curl -c jar -d s3cret URL/login && curl -N -b jar URL/events/jobs/JOB_ID/stream`.

use std::{env, error::Error, io, time::Duration};

use axum::http::{StatusCode, header::SET_COOKIE};
use axum::response::{IntoResponse, Response};
use axum::{Router, extract::State, routing};
use stream_events::Reader;
use stream_events::http::{Access, Api, Asked, Denied, Grant, Keys, cookie, is_same};

const LIFETIME: Duration = Duration::from_secs(60 * 60);

/// Behind TLS, the cookie is to be `Secure`, too.
async fn login(State(sessions): State<Keys>, password: String) -> Response {
    let expected = env::var("PASSWORD").unwrap_or_default();
    if expected.is_empty() || !is_same(password, expected) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let session = sessions.issue("operator");
    let cookie = format!("session={session}; HttpOnly; SameSite=Strict; Path=/");
    [(SET_COOKIE, cookie)].into_response()
}

/// Who has a session sees all jobs, until it ends.
fn authorize(sessions: &Keys, asked: Asked<'_>) -> Result<Grant, Denied> {
    match (asked.access, cookie(asked.request, "session")) {
        (Access::Job(_), Some(session)) => sessions.grant(session),
        _ => Err(Denied::NotFound),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let sessions = Keys::new(LIFETIME);
    let known = sessions.clone();
    let authorize = move |asked: Asked<'_>| authorize(&known, asked);
    let api = Api::builder(Reader::from_env()?, authorize);
    let address = env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:0");
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    let routes = Router::new()
        .route("/login", routing::post(login))
        .with_state(sessions)
        .nest("/events", api.router());
    Ok(axum::serve(listener, routes).await?)
}
