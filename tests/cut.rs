//! A job of several runs, with gaps and what others wrote: whoever is cut off at any event of it, and comes
//! back, finds each other event once.
#![allow(clippy::unwrap_used)]

mod raw;

use futures_util::StreamExt;
use raw::{add, add_fields, own, rest};
use serde_json::{Value, json};
use stream_events::{EventId, Item, JobState, Missing, Reader, Status};
use support::TestRedis;

fn with(mut data: Value, key: &str, value: Value) -> Value {
    data[key] = value;
    data
}

/// What others wrote before a run is heard of again: more than a watch looks back at without need.
const MANY: u64 = 120;

/// Writes it all, and says how many of the entries are events that come.
fn write(redis: &TestRedis) -> usize {
    let lost = |run: &str, will_retry: bool| json!({"event_type": "task_failed", "run": run, "error_kind": "lost", "will_retry": will_retry});
    let said = |run, seq, n: u64| with(own("task_progress", run, seq), "current", json!(n));
    let mut events = vec![
        own("task_started", "a", 0),
        said("a", 1, 5),
        json!({"event_type": "audit", "by": "another"}),
        // Two were dropped.
        said("a", 4, 9),
        with(own("task_failed", "a", 5), "will_retry", json!(true)),
        json!({"event_type": "task_started", "task_type": "python"}),
        json!({"event_type": "task_progress", "progress": "from Python", "step": "analysis"}),
        json!({"event_type": "task_failed", "error": "timed out"}),
        own("task_started", "b", 0),
        said("b", 1, 1),
    ];
    events.extend((0..MANY).map(|n| json!({"event_type": "audit", "n": n})));
    // Three were dropped.
    events.push(said("b", 5, 2));
    events.extend([lost("b", false), own("task_resumed", "b", 6)]);
    events.extend([
        own("task_started", "c", 0),
        lost("b", true),
        own("row", "b", 7),
    ]);
    events.push(with(own("task_completed", "c", 1), "result", json!([1, 2])));
    events.push(own("reviewed", "not begun", 0));
    for data in &events[..4] {
        add(redis, data);
    }
    add_fields(redis, &[("data", b"\xff\xfe"), ("other", b"\0\r\n")]);
    for data in &events[4..] {
        add(redis, data);
        if data["run"] == "b" && data["seq"] == 1 {
            // The same once more, under another id.
            add(redis, data);
        }
    }
    events.len() + 1
}

fn ids(items: &[Item]) -> Vec<EventId> {
    let id = |item: &Item| match item {
        Item::Event(event) => Some(event.id()),
        _ => None,
    };
    items.iter().filter_map(id).collect()
}

fn gaps(items: &[Item]) -> Vec<(String, u64, u64, Missing)> {
    let told = |item: &Item| match item {
        Item::Gap(gap) => Some((gap.run.clone(), gap.first, gap.count, gap.why)),
        _ => None,
    };
    items.iter().filter_map(told).collect()
}

fn fold(items: &[Item]) -> JobState {
    let mut state = JobState::new("job_001");
    items.iter().for_each(|item| state.apply(item));
    state
}

/// Rows 42, 43 and 47
#[tokio::test]
async fn whoever_is_cut_off_at_any_event_finds_each_other_one_once() {
    let redis = TestRedis::start();
    let events = write(&redis);
    let reader = Reader::connect(redis.reader_url()).unwrap();
    let whole = rest(&mut reader.watch("job_001").unwrap()).await;
    assert_eq!(ids(&whole).len(), events);
    let gap = |run: &str, first, count| (run.to_owned(), first, count, Missing::Dropped);
    assert_eq!(gaps(&whole), [gap("a", 2, 2), gap("b", 2, 3)]);
    for (nth, item) in whole.iter().enumerate() {
        let Item::Event(event) = item else { continue };
        let mut watch = reader.watch("job_001").unwrap().after(event.id());
        let behind = rest(&mut watch).await;
        assert_eq!(behind, whole[nth + 1..], "behind {event}");
        assert!(watch.next().await.is_none());
    }
    // With the one that stands there twice.
    let length = reader.stream_length("job_001").await.unwrap();
    assert_eq!(length, events as u64 + 1);
}

/// Whoever comes later follows the other, once that has said more.
#[tokio::test]
async fn of_two_runs_at_work_the_first_that_ends_the_job_ends_the_watch() {
    let redis = TestRedis::start();
    add(&redis, &own("task_started", "a", 0));
    add(&redis, &own("task_started", "b", 0));
    let failed = add(&redis, &own("task_failed", "a", 1));
    let reader = Reader::connect(redis.reader_url()).unwrap();
    let whole = rest(&mut reader.watch("job_001").unwrap()).await;
    assert_eq!((whole.len(), fold(&whole).status), (3, Status::Failed));
    add(&redis, &own("row", "b", 1));
    let mut later = reader.watch("job_001").unwrap().after(failed);
    add(&redis, &own("task_completed", "b", 2));
    assert_eq!(ids(&rest(&mut later).await).len(), 2);
    let state = reader.state("job_001").await.unwrap().unwrap();
    assert_eq!(
        (state.status, state.run.as_deref()),
        (Status::Completed, Some("b"))
    );
}

#[tokio::test]
async fn a_state_that_goes_on_from_any_event_comes_to_the_same() {
    let redis = TestRedis::start();
    write(&redis);
    let reader = Reader::connect(redis.reader_url()).unwrap();
    let items = rest(&mut reader.watch("job_001").unwrap()).await;
    let whole = fold(&items);
    assert_eq!(
        (whole.status, whole.run.as_deref()),
        (Status::Completed, Some("c"))
    );
    assert_eq!((whole.missing, whole.events), (5, ids(&items).len() as u64));
    assert_eq!(reader.state("job_001").await.unwrap(), Some(whole.clone()));
    for cut in 1..=items.len() {
        // A state is as far as its newest event: a gap behind that is told again.
        if matches!(items[cut - 1], Item::Gap(_)) {
            continue;
        }
        let state = fold(&items[..cut]);
        let watch = reader.watch("job_001").unwrap();
        let states: Vec<_> = watch.states_from(state.clone()).collect().await;
        let last = states.last().map_or(state, |state| state.clone().unwrap());
        assert_eq!(last, whole, "behind {}", items[cut - 1]);
    }
}
