//! This example shows a job behind HTTP: the answer is 202 with the job's id, and the job runs on.
//!
//! `cargo run --example from_axum [ADDRESS]`, then `curl --data-binary @README.md URL/outlines`.

use axum::extract::{Path, State};
use axum::{Json, Router, http::StatusCode, routing};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use serde_json::{Value, json};
use stream_events::{JobId, Reader, job_events, progress, publish};

#[job_events(task_type = "outline_generation")]
async fn generate_outline(job_id: JobId, markdown: String) {
    progress!("parsing", step = "parse", bytes = markdown.len());
    let (mut nodes, mut parser) = (Vec::<String>::new(), Parser::new(&markdown));
    while parser.any(|event| matches!(event, Event::Start(Tag::Heading { .. }))) {
        let heading = parser.by_ref().map_while(|event| match event {
            Event::End(TagEnd::Heading(_)) => None,
            Event::Text(text) | Event::Code(text) => Some(text.into_string()),
            _ => Some(String::new()),
        });
        nodes.push(heading.collect());
    }
    let outline = json!({ "title": nodes.first(), "nodes": nodes });
    publish!("outline_generated", outline);
}

async fn start(markdown: String) -> (StatusCode, Json<Value>) {
    let job_id = JobId::random();
    let answer = json!({ "job_id": job_id });
    tokio::spawn(generate_outline(job_id, markdown));
    (StatusCode::ACCEPTED, Json(answer))
}

type Answer = Result<String, StatusCode>;

/// `GET /outlines/{id}`: the job's events so far, each as a line of JSON.
async fn history(State(reader): State<Reader>, Path(id): Path<JobId>) -> Answer {
    let mut history = reader.history(id).map_err(|_| StatusCode::BAD_REQUEST)?;
    let mut lines = String::new();
    while let Some(event) = history.next().await {
        let event = event.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        lines += &format!("{}\n", event.data());
    }
    Ok(lines)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let events = stream_events_tracing::init()?;
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:0");
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    let routes = Router::new()
        .route("/outlines", routing::post(start))
        .route("/outlines/{id}", routing::get(history))
        .with_state(events.publisher().reader());
    Ok(axum::serve(listener, routes).await?)
}
