//! `#[tokio::test]` beside `#[job_events]`, in both orders.
#![deny(warnings)]
use stream_events::{job_events, progress};

#[job_events(task_type = "outside", job_id = new)]
#[tokio::test]
async fn outside() {
    progress!("within");
    tokio::task::yield_now().await;
}

#[tokio::test]
#[job_events(task_type = "inside", job_id = new)]
async fn inside() -> Result<(), String> {
    progress!("within");
    tokio::task::yield_now().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[job_events(task_type = "threads", job_id = new, ret)]
async fn threads() -> Result<(), std::num::ParseIntError> {
    let number: u8 = tokio::spawn(async { "3" })
        .await
        .unwrap_or_default()
        .parse()?;
    assert_eq!(number, 3);
    Ok(())
}

#[job_events(task_type = "main", job_id = new)]
#[tokio::main(flavor = "current_thread")]
async fn runtime() -> u8 {
    3
}

#[test]
fn main() {
    assert_eq!(runtime(), 3);
}
