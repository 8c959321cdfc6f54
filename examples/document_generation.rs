//! This example shows a job with a product: it renders Markdown to HTML and counts the words.
//!
//! `cargo run --example document_generation FILE [PAGE]`: to a temporary file if no page is named.

use std::{env, error::Error, fs, io, path::Path};

use pulldown_cmark::{Event, Parser, Tag, TagEnd, html};
use stream_events::{JobId, job_events, progress, publish};

#[derive(serde::Serialize)]
struct Document {
    title: String,
    content: String,
    word_count: usize,
}

#[job_events(task_type = "document_generation", fields(source, page))]
async fn generate_document(job_id: &JobId, source: &str, page: &Path) -> io::Result<Document> {
    progress!("reading {source}", step = "read", percent = 0);
    let text = fs::read_to_string(source)?;
    let mut events = Parser::new(&text).into_offset_iter();
    let heading = events.find(|(event, _)| matches!(event, Event::Start(Tag::Heading { .. })));

    progress!("rendering", step = "render", percent = 50);
    let mut content = String::new();
    html::push_html(&mut content, Parser::new(&text));
    fs::write(page, &content)?;
    let document = Document {
        title: heading.map_or_else(String::new, |(_, range)| words(&text[range]).join(" ")),
        content,
        word_count: words(&text).len(),
    };
    publish!("document_generated", document);
    Ok(document)
}

/// The words that a reader sees.
fn words(text: &str) -> Vec<String> {
    let text = String::from_iter(Parser::new(text).map(|event| match event {
        Event::Text(text) | Event::Code(text) => text.into_string(),
        Event::Start(Tag::Emphasis | Tag::Strong | Tag::Link { .. }) => String::new(),
        Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Link) => String::new(),
        _ => " ".to_owned(),
    }));
    text.split_whitespace().map(str::to_owned).collect()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _events = stream_events_tracing::init()?;
    let mut arguments = env::args().skip(1);
    let source = arguments.next().ok_or("name a Markdown file")?;
    let job_id = JobId::random();
    let page = env::temp_dir().join(format!("{job_id}.html"));
    let page = arguments.next().map_or(page, Into::into);
    let document = generate_document(&job_id, &source, &page).await?;
    println!("{job_id}: {} words, {page:?}", document.word_count);
    Ok(())
}
