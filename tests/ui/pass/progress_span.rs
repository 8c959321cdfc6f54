//! `progress_span!` is a `tracing::Span` whose standard fields and message can be recorded later.
#![deny(warnings)]
use stream_events::progress_span;

#[test]
fn main() {
    let (n, path) = (3_u64, "a/b");
    let span = progress_span!("embedding {n} chunks", total = n, step = "embed", %path);
    span.record("current", 1);
    span.record("message", "almost done");
    span.record("percent", 50.0);
    progress_span!("plain").in_scope(|| {});
    progress_span!(total = n, "{} in {path}", n).in_scope(|| {});
    let _entered = progress_span!("{total} of {x}", total = n + 1, x = path.len()).entered();
}
