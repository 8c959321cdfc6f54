//! This example shows jobs over HTTP by tickets: who has a token gets one, by which an `EventSource` or a
//! WebSocket, which can send no header, connects once. An address stands in logs; a token must not.
//!
//! `API_TOKEN=s3cret cargo run --example http_ticket [ADDRESS]`, then
//! `curl -N "URL/jobs/JOB_ID/stream?ticket=$(curl -X POST -H 'Authorization: Bearer s3cret' URL/ticket)"`.

use std::{env, error::Error, io, time::Duration};

use axum::extract::{Request, State};
use axum::{Router, http::StatusCode, routing};
use stream_events::Reader;
use stream_events::http::{Access, Api, Asked, Denied, Grant, Keys, bearer, is_same, parameter};

const LIFETIME: Duration = Duration::from_secs(30);

async fn issue(State(tickets): State<Keys>, request: Request) -> Result<String, StatusCode> {
    let (request, _) = request.into_parts();
    let expected = env::var("API_TOKEN").unwrap_or_default();
    let token = bearer(&request).filter(|token| !token.is_empty());
    match token.is_some_and(|token| is_same(token, expected)) {
        true => Ok(tickets.issue("panel")),
        false => Err(StatusCode::NOT_FOUND),
    }
}

/// What was granted by a ticket goes on: for the other jobs of its stream, and as long as that lasts.
fn authorize(tickets: &Keys, asked: Asked<'_>) -> Result<Grant, Denied> {
    match (asked.access, asked.before) {
        (Access::Job(_), Some(before)) => Ok(before.clone()),
        (Access::Job(_), None) => match parameter(asked.request, "ticket") {
            Some(ticket) => tickets.take(&ticket),
            None => Err(Denied::NotFound),
        },
        _ => Err(Denied::NotFound),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let tickets = Keys::new(LIFETIME);
    let known = tickets.clone();
    let authorize = move |asked: Asked<'_>| authorize(&known, asked);
    let api = Api::builder(Reader::from_env()?, authorize).parameters(["ticket"]);
    let address = env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:0");
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    let routes = Router::new()
        .route("/ticket", routing::post(issue))
        .with_state(tickets)
        .merge(api.router());
    Ok(axum::serve(listener, routes).await?)
}
