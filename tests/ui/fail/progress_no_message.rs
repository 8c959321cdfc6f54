use stream_events::{progress, progress_span};

fn main() {
    let text = "analysing";
    progress!();
    progress!(percent = 10);
    progress!(text);
    progress_span!(total = 3).in_scope(|| {});
}
