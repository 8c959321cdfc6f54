//! Through another crate's re-export, where `stream_events` is no name of ours.
mod framework {
    pub(super) use stream_events as events;
}

use framework::events::{job_events, progress, progress_span, publish};

mod stream_events {}

#[job_events(task_type = "reexported", crate = self::framework::events)]
async fn reexported(job_id: &str) -> Result<(), String> {
    progress!("at {job_id}");
    let _span = progress_span!("phase");
    publish!("done", job_id2 = job_id);
    Ok(())
}

#[test]
fn main() {
    drop(reexported("a"));
}
