//! Where a job stands, now and live.
#![allow(clippy::unwrap_used)]

mod raw;

use std::time::Duration;

use raw::{add, add_fields, own};
use serde_json::{Value, json};
use stream_events::{
    ErrorKind, Fields, JobId, JobState, Phase, Progress, Publisher, Reader, States, Status,
    progress_span,
};
use stream_events_tracing::ProgressSpan;
use support::TestRedis;
use tracing_subscriber::prelude::*;

const IN_TIME: Duration = Duration::from_secs(30);

async fn next(states: &mut States) -> JobState {
    let next = tokio::time::timeout(IN_TIME, states.next()).await;
    next.expect("it comes").unwrap().unwrap()
}

/// Until it is so.
async fn until(states: &mut States, is_so: impl Fn(&JobState) -> bool) -> JobState {
    loop {
        let state = next(states).await;
        if is_so(&state) {
            return state;
        }
    }
}

#[tokio::test]
async fn a_state_is_told_as_its_job_goes_on() {
    let redis = TestRedis::start();
    for url in [redis.url().as_str(), "memory:goes_on"] {
        let publisher = Publisher::connect(url).unwrap();
        let reader = publisher.reader();
        assert_eq!(reader.state("job_001").await.unwrap(), None);
        let mut states = reader.watch("job_001").unwrap().states();
        let job = publisher.job("job_001", "import").unwrap();
        let state = until(&mut states, |_| true).await;
        assert_eq!(
            (state.status, state.task_type.as_deref()),
            (Status::Running, Some("import"))
        );
        let progress = Progress::new("rows").step("read").current(3).total(4);
        job.progress(progress);
        let state = until(&mut states, |state| state.message.is_some()).await;
        assert_eq!(
            (state.percent, state.step.as_deref()),
            (Some(75.0), Some("read"))
        );
        job.completed(&json!({"rows": 4}));
        let state = until(&mut states, |state| state.status.is_terminal()).await;
        assert_eq!(
            state.result.as_ref().unwrap().read::<Value>().unwrap()["rows"],
            4
        );
        assert!(states.next().await.is_none());
        assert_eq!(reader.state("job_001").await.unwrap(), Some(state));
    }
}

#[tokio::test]
async fn of_a_long_history_few_states_are_told_and_the_last_is_of_all_of_it() {
    const ROWS: u64 = 5000;
    let redis = TestRedis::start();
    for url in [redis.url().as_str(), "memory:long_history"] {
        let publisher = Publisher::connect(url).unwrap();
        let job = publisher.job("job_001", "t").unwrap();
        (0..ROWS).for_each(|n| job.emit("row", Fields::new().field("n", &n)));
        job.completed(&());
        assert!(publisher.flush(IN_TIME).await.complete);
        let mut states = publisher.reader().watch("job_001").unwrap().states();
        let (mut told, mut last) = (0, JobState::new("job_001"));
        while let Some(state) = states.next().await {
            (told, last) = (told + 1, state.unwrap());
        }
        assert_eq!((last.events, last.status), (ROWS + 2, Status::Completed));
        assert!(told <= 30, "{told} states of {url}");
    }
}

#[tokio::test]
async fn whatever_stands_on_a_stream_has_a_state() {
    let redis = TestRedis::start();
    add_fields(
        &redis,
        &[("data", b"\xff"), ("event_type", b"task_progress")],
    );
    add_fields(&redis, &[("completely", b"different")]);
    add(
        &redis,
        &json!({"event_type": "task_progress", "progress": {"deep": [1]}, "total": "many"}),
    );
    let reader = Reader::connect(redis.reader_url()).unwrap();
    let state = reader.state("job_001").await.unwrap().unwrap();
    assert_eq!((state.status, state.events), (Status::Running, 3));
    assert_eq!(state.message.as_deref(), Some(r#"{"deep":[1]}"#));
    add(&redis, &own("task_started", "a", 0));
    add(&redis, &own("task_failed", "a", 4));
    let state = reader.state("job_001").await.unwrap().unwrap();
    assert_eq!((state.status, state.missing), (Status::Failed, 3));
}

#[tokio::test]
async fn a_store_that_refuses_is_an_error_and_the_end_of_states() {
    let redis = TestRedis::start();
    redis.occupy("job_events:taken");
    let reader = Reader::connect(redis.reader_url()).unwrap();
    let error = reader.state("taken").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    let mut states = reader.watch("taken").unwrap().states();
    let error = states.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(states.next().await.is_none());
    assert_eq!(
        reader.state("a{b").await.unwrap_err().kind(),
        ErrorKind::InvalidJobId
    );
}

/// What our own publisher and Layer write is what a state knows.
#[tokio::test]
async fn tries_and_phases_of_a_job_are_in_its_state() {
    let layer = tracing_subscriber::registry().with(stream_events_tracing::layer());
    let _heard = tracing::subscriber::set_default(layer);
    let publisher = Publisher::connect("memory:tries").unwrap();
    let reader = publisher.reader();
    let parent = JobId::try_from("job_000").unwrap();
    let start = |attempt| {
        let builder = publisher.job_builder("job_001", "import").unwrap();
        let builder = builder.attempt(attempt).max_attempts(2).parent(&parent);
        builder.start().unwrap()
    };
    let now = async || {
        assert!(publisher.flush(IN_TIME).await.complete);
        reader.state("job_001").await.unwrap().unwrap()
    };
    start(1).failed("once");
    let state = now().await;
    assert_eq!(
        (state.status, state.will_retry, state.attempt),
        (Status::Retrying, true, Some(1))
    );
    assert_eq!(
        (state.error.as_deref(), state.error_kind.as_deref()),
        (Some("once"), Some("error"))
    );
    assert!(state.duration.is_some() && state.ended >= state.started);
    let job = start(2);
    let book = job.in_scope(|| {
        let book = progress_span!("book", step = "write", total = 4);
        book.in_scope(|| drop(progress_span!("page", total = 2)));
        book.inc(4);
        book
    });
    let state = now().await;
    assert_eq!(
        (state.status, state.runs, state.attempt),
        (Status::Running, 2, Some(2))
    );
    assert_eq!(
        (state.max_attempts, state.parent_job_id.as_deref()),
        (Some(2), Some("job_000"))
    );
    assert_eq!(
        (state.percent, state.step.as_deref(), state.error),
        (Some(100.0), Some("write"), None)
    );
    let [outer, inner] = &state.phases[..] else {
        panic!("{:?}", state.phases)
    };
    let told = |phase: &Phase| (phase.name.clone().unwrap(), phase.current, phase.parent);
    assert_eq!(told(outer), ("book".to_owned(), Some(4.into()), None));
    assert_eq!(told(inner), ("page".to_owned(), None, Some(outer.number)));
    assert!(inner.ended >= inner.started && inner.ended.is_some() && outer.ended.is_none());
    drop(book);
    job.completed(&());
    let state = now().await;
    assert!(state.status == Status::Completed && state.phases[0].ended.is_some());
}
