//! A free function: the job id is its argument `job_id`, nothing else is recorded.
use stream_events::job_events;

/// Documented, with attributes of its own.
#[job_events(task_type = "count")]
#[must_use]
pub async fn count(job_id: &str, words: Vec<String>) -> usize {
    let _ = job_id;
    words.len()
}

#[job_events(task_type = "nothing")]
async fn nothing(job_id: u64) {
    let _ = job_id;
}

#[job_events(task_type = "empty")]
async fn empty(job_id: u64) {}

#[test]
fn main() {
    drop(count("job_001", vec![]));
    drop(nothing(1));
    drop(empty(1));
}
