//! What `progress!` works out: nothing where nobody listens, and each value once where somebody does.
#![allow(clippy::unwrap_used)]

use std::cell::Cell;
use std::time::Duration;

use serde_json::{Value, json};
use stream_events::{Publisher, progress, progress_span};
use support::Log;
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::prelude::*;
use tracing_subscriber::{fmt, registry};

/// Says where it stands with values that count how often they are worked out, and how often that was.
fn say() -> [u32; 3] {
    let (once, twice, in_a_span) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let next = |count: &Cell<u32>| {
        count.set(count.get() + 1);
        count.get()
    };
    progress!("a field", current = next(&once));
    progress!(
        "{total} rows of {display}",
        total = next(&twice),
        display = "all"
    );
    drop(progress_span!("{total} pages", total = next(&in_a_span)));
    [once.get(), twice.get(), in_a_span.get()]
}

async fn said(publisher: &Publisher, job_id: &str) -> Vec<Value> {
    assert!(publisher.flush(Duration::from_secs(30)).await.complete);
    let mut history = publisher.reader().history(job_id).unwrap();
    let mut said = Vec::new();
    while let Some(event) = history.next().await {
        let data: Value = serde_json::from_str(&event.unwrap().data()).unwrap();
        said.push(json!([data["progress"], data["current"], data["total"]]));
    }
    said
}

/// One test: what is cached of who listens is the process's.
#[tokio::test]
async fn values_are_worked_out_once_where_somebody_listens_and_else_not_at_all() {
    assert_eq!(say(), [0, 0, 0], "no subscriber");
    let publisher = Publisher::connect("memory:heard").unwrap();

    // Filters of one layer each: ours hears it, the other does not.
    let log = Log::default();
    let lines = fmt::layer().with_writer(log.writer());
    let ours = registry()
        .with(stream_events_tracing::layer())
        .with(lines.with_filter(EnvFilter::new("warn,heard=info")));
    tracing::subscriber::with_default(ours, || {
        let job = publisher.job("job_1", "t").unwrap();
        job.in_scope(|| {
            for _ in 0..2 {
                assert_eq!(say(), [1, 1, 1]);
                tracing::info!("beside");
            }
        });
        job.completed(&());
    });
    let of_one = [
        json!(["a field", 1, null]),
        json!(["1 rows of all", null, 1]),
        json!(["1 pages", null, 1]),
        json!(["1 pages", null, 1]),
    ];
    let expected = [
        &[json!([null, null, null])],
        &of_one[..],
        &of_one,
        &[json!([null, null, null])],
    ]
    .concat();
    assert_eq!(said(&publisher, "job_1").await, expected);
    let log = log.text();
    assert_eq!(log.matches("beside").count(), 2, "{log}");
    assert!(!log.contains("rows"), "{log}");

    // A filter of all: nobody does.
    let deaf = registry()
        .with(stream_events_tracing::layer())
        .with(LevelFilter::WARN);
    tracing::subscriber::with_default(deaf, || assert_eq!(say(), [0, 0, 0], "deaf"));
    assert_eq!(say(), [0, 0, 0], "no subscriber again");
}
