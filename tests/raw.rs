//! Entries as any publisher may have written them.
#![allow(dead_code, reason = "each file uses a part of it")]

use serde_json::{Value, json};
use stream_events::{Event, EventId, Gap, Item, Missing, Watch};
use support::TestRedis;

pub(crate) const KEY: &str = "job_events:job_001";

/// Appends an event to the stream of `job_001`.
pub(crate) fn add(redis: &TestRedis, data: &Value) -> EventId {
    let kind = data["event_type"].as_str().unwrap_or_default();
    let data = data.to_string();
    add_fields(
        redis,
        &[
            ("data", data.as_bytes()),
            ("timestamp", b""),
            ("event_type", kind.as_bytes()),
        ],
    )
}

/// Appends an event of the run `r` to each of these jobs.
pub(crate) fn add_to_each(
    redis: &TestRedis,
    jobs: impl IntoIterator<Item = u64>,
    kind: &str,
    seq: u64,
) {
    let data = own(kind, "r", seq).to_string();
    let mut pipeline = redis::Pipeline::new();
    for job in jobs {
        let add = pipeline.cmd("XADD").arg(format!("job_events:{job}"));
        add.arg("*").arg("data").arg(&data);
        add.arg("timestamp").arg("").arg("event_type").arg(kind);
    }
    pipeline.exec(&mut redis.client()).unwrap();
}

/// Appends an entry of any fields to the stream of `job_001`.
pub(crate) fn add_fields(redis: &TestRedis, fields: &[(&str, &[u8])]) -> EventId {
    let mut add = redis::cmd("XADD");
    add.arg(KEY).arg("*");
    for (name, value) in fields {
        add.arg(name).arg(value);
    }
    let id: String = add.query(&mut redis.client()).unwrap();
    id.parse().unwrap()
}

/// What a run writes itself.
pub(crate) fn own(kind: &str, run: &str, seq: u64) -> Value {
    json!({"event_type": kind, "run": run, "seq": seq})
}

pub(crate) fn row(run: &str, seq: u64) -> Value {
    own("row", run, seq)
}

/// What a watch yields next, in time.
pub(crate) async fn next(watch: &mut Watch) -> Option<Item> {
    let next = tokio::time::timeout(std::time::Duration::from_secs(30), watch.next()).await;
    next.expect("an item comes, or the end")
        .transpose()
        .unwrap()
}

/// All that is left of a watch.
pub(crate) async fn rest(watch: &mut Watch) -> Vec<Item> {
    let mut items = Vec::new();
    while let Some(item) = next(watch).await {
        items.push(item);
    }
    items
}

pub(crate) fn event(item: Option<Item>) -> Event {
    match item {
        Some(Item::Event(event)) => event,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn gap(item: Option<Item>) -> Gap {
    match item {
        Some(Item::Gap(gap)) => gap,
        other => panic!("{other:?}"),
    }
}

/// What it says of what is missing.
pub(crate) fn told(gap: &Gap) -> (&str, u64, u64, Missing) {
    (&gap.run, gap.first, gap.count, gap.why)
}
