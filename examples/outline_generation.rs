//! This example shows jobs of a service: several at once, each with a phase, and a result or error.
//!
//! `cargo run --example outline_generation README.md CHANGELOG.md missing.md`

use std::{env, error::Error, fs, io};

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use stream_events::{JobId, job_events, progress, progress_span, publish};
use stream_events_tracing::ProgressSpan;

#[derive(serde::Serialize)]
struct Outline {
    title: String,
    nodes: Vec<String>,
}

#[job_events(task_type = "outline_generation", fields(path), ret)]
async fn generate_outline(job_id: JobId, path: String) -> io::Result<Outline> {
    progress!("reading {path}", step = "read");
    let text = fs::read_to_string(&path)?;
    let is_heading = |event: &_| matches!(event, Event::Start(Tag::Heading { .. }));
    let total = Parser::new(&text).filter(is_heading).count();
    let phase = progress_span!("collecting headings", step = "collect", total);
    let (mut nodes, mut parser) = (Vec::new(), Parser::new(&text));
    while parser.any(|event| is_heading(&event)) {
        let heading = parser.by_ref().map_while(|event| match event {
            Event::End(TagEnd::Heading(_)) => None,
            Event::Text(text) | Event::Code(text) => Some(text.into_string()),
            _ => Some(String::new()),
        });
        nodes.push(heading.collect());
        phase.inc(1);
    }
    drop(phase);
    let title = nodes.first().cloned().unwrap_or(path);
    let outline = Outline { title, nodes };
    publish!("outline_generated", outline);
    Ok(outline)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let events = stream_events_tracing::init()?;
    let mut watches = Vec::new();
    for path in env::args().skip(1) {
        let job_id = JobId::random();
        watches.push(events.publisher().reader().watch(&job_id)?);
        tokio::spawn(generate_outline(job_id, path));
    }
    for mut watch in watches {
        while let Some(item) = watch.next().await {
            println!("{}", item?);
        }
    }
    Ok(())
}
