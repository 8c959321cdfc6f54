use stream_events::{progress, progress_span};

fn main() {
    let done = "ten";
    progress!("reading", percent = done);
    progress!("reading", percent = "10 %", total = 2.5);
    let rows = "many";
    drop(progress_span!("reading", total = rows));
}
