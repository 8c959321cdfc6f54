//! This example shows a job from start to end: the outline of a file, and its events as they come.
//!
//! `cargo run --example quickstart [FILE]`: in memory, or on Redis where `REDIS_URL` is set.

use std::{env, error::Error, fs};

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use serde_json::json;
use stream_events::{JobId, job_events, progress, publish};

#[job_events(task_type = "outline_generation", fields(path))]
async fn generate_outline(job_id: JobId, path: String) -> Result<(), String> {
    progress!("reading {path}", step = "read");
    let text = fs::read_to_string(&path).map_err(|why| format!("cannot read {path}: {why}"))?;

    progress!("parsing", step = "parse", bytes = text.len());
    let mut nodes = Vec::new();
    let mut parser = Parser::new(&text);
    while let Some(event) = parser.next() {
        if let Event::Start(Tag::Heading { level, .. }) = event {
            nodes.push(json!({ "level": level as u8, "title": title(&mut parser) }));
        }
    }
    let outline = json!({ "title": path, "nodes": nodes });
    publish!("outline_generated", outline);
    Ok(())
}

/// The text up to the end of the heading that the parser is in.
fn title(parser: &mut Parser<'_>) -> String {
    String::from_iter(parser.map_while(|event| match event {
        Event::End(TagEnd::Heading(_)) => None,
        Event::Text(text) | Event::Code(text) => Some(text.into_string()),
        Event::SoftBreak => Some(" ".to_owned()),
        _ => Some(String::new()),
    }))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let events = stream_events_tracing::init()?;
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let path = env::args().nth(1).unwrap_or_else(|| readme.to_owned());

    let job_id = JobId::random();
    let mut watch = events.publisher().reader().watch(&job_id)?;
    let job = tokio::spawn(generate_outline(job_id.clone(), path));
    while let Some(item) = watch.next().await {
        println!("{}", item?);
    }
    match events.publisher().store() {
        "memory:" => println!("\nWith REDIS_URL set they would stand on job_events:{job_id}."),
        store if store.contains("+") => println!("\nThey stand on job_events:{job_id} there."),
        store => println!("\nredis-cli -u {store} XRANGE job_events:{job_id} - +"),
    }
    Ok(job.await??)
}
