//! Without any prelude.
#![no_implicit_prelude]

use ::std::mem::drop;
use ::std::result::Result::{self, Ok};
use ::stream_events::{job_events, progress, progress_span, publish};

#[job_events(task_type = "bare", fields(n, id = %job_id), ret)]
async fn bare(job_id: &str, n: u8) -> Result<u8, u8> {
    progress!("half {n} {}", job_id, step = "x", percent = 50, ?n);
    let _entered = progress_span!("phase {total}", total = n + 1);
    publish!("halved", n, id = %job_id);
    Ok(n)
}

#[::core::prelude::v1::test]
fn main() {
    drop(bare("a", 1));
}
