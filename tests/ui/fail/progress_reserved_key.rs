use stream_events::{progress, progress_span};

fn main() {
    progress!("analysing", step = "a", seq = 1, message = "b");
    progress_span!("analysing", run = 1).in_scope(|| {});
}
