use std::rc::Rc;
use stream_events::{progress, progress_span};

#[derive(Debug)]
struct Options;
struct Opaque;

fn main() {
    let (options, opaque, path) = (Options, Opaque, std::path::Path::new("a"));
    let debug = Opaque;
    progress!("done", options);
    progress!("done", opaque = Rc::new(3), step = "a");
    progress!("done", letter = 'a', path = path);
    progress!("done", pages = vec![1, 2]);
    progress!("done", shadowed = debug);
    progress!(step = Some(options), "done");
    progress_span!("done", options, total = 3).in_scope(|| {});
    progress!("done", %options, ?opaque);
    progress!("done {opaque} {}", options);
    progress!("done", total = vec![1], current = Some(opaque));
}
