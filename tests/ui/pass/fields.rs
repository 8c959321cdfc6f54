//! Fields: by serde, `Display` and `Debug`; of arguments and of expressions.
use stream_events::job_events;

#[derive(Debug)]
struct Options {
    pages: u32,
}

#[job_events(
    task_type = "render",
    fields(prompt, %path, ?options, options.pages, pages = options.pages + 1, head = %&prompt[..1], tail = ?path.to_string().len(), "a key" = 3, user.id = [1, 2]),
)]
async fn render(job_id: &str, prompt: String, path: std::path::Display<'_>, options: Options) {
    let _ = (job_id, prompt, options.pages);
}

#[test]
fn main() {
    let path = std::path::Path::new("a");
    drop(render(
        "a",
        "p".to_owned(),
        path.display(),
        Options { pages: 1 },
    ));
}
