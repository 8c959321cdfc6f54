//! A stream whose entries have ids that the test gives them, and who watches it.

use std::time::Duration;

use serde_json::{Value, json};
use stream_events::{Item, Missing, Reader, Watch};
use support::TestRedis;

use crate::raw::{KEY, event, next};

/// Appends an event with the id `<ms>-0`.
pub(crate) fn put(redis: &TestRedis, ms: u64, data: &Value) {
    let kind = data["event_type"].as_str().unwrap_or_default();
    let (id, data) = (format!("{ms}-0"), data.to_string());
    redis.run(&["XADD", KEY, &id, "data", &data, "event_type", kind]);
}

/// Puts another stream of these in the place of the one that is there, in one step.
pub(crate) fn replace(redis: &TestRedis, events: &[(u64, Value)]) {
    let mut step = redis::Pipeline::new();
    step.atomic().cmd("DEL").arg(KEY);
    for (ms, data) in events {
        let kind = data["event_type"].as_str().unwrap_or_default();
        let add = step.cmd("XADD").arg(KEY).arg(format!("{ms}-0"));
        add.arg("data").arg(data.to_string());
        add.arg("event_type").arg(kind);
    }
    step.exec(&mut redis.client()).unwrap();
}

pub(crate) fn foreign(n: u64) -> Value {
    json!({"event_type": "audit", "n": n})
}

/// A watch on a connection of its own, and one of a hub.
pub(crate) fn watches(redis: &TestRedis) -> [Watch; 2] {
    let reader = Reader::connect(redis.reader_url())
        .unwrap()
        .with_grace(SHORT);
    let watches = [reader.watch("job_001"), reader.hub().watch("job_001")];
    watches.map(Result::unwrap)
}

pub(crate) async fn skip(watch: &mut Watch, events: usize) {
    for _ in 0..events {
        event(next(watch).await);
    }
}

/// What is expired as its run and the first seq that is missing, and what comes as its id.
pub(crate) fn told(items: &[Item]) -> Vec<String> {
    let told = |item: &Item| match item {
        Item::Event(event) => event.id().ms().to_string(),
        Item::Gap(gap) => {
            assert_eq!((gap.count, gap.why), (0, Missing::Expired));
            format!("{}? {}", gap.run, gap.first)
        }
        other => panic!("{other:?}"),
    };
    items.iter().map(told).collect()
}

/// How long a stream has to be away before it is another one.
const SHORT: Duration = Duration::from_millis(100);
