//! What a job says between its start and its end.

use crate::installed::events;

/// The types of a job's events between its start and its end.
pub(crate) async fn between(job_id: &str) -> Vec<String> {
    let events = events(job_id).await;
    let types = events
        .iter()
        .map(|event| event["event_type"].as_str().unwrap().to_owned());
    let mut types: Vec<_> = types.collect();
    assert_eq!(
        (types.remove(0), types.pop().unwrap()),
        ("task_started".into(), "task_completed".into())
    );
    types
}
