//! `ret` records what is returned, `err(Debug)` the error's `Debug`; `err` alone is the default.
use stream_events::job_events;

#[derive(Debug)]
struct DebugOnly;

#[job_events(task_type = "ret", ret)]
async fn ret(job_id: &str) -> Result<Vec<String>, String> {
    Ok(vec![job_id.to_owned()])
}

#[job_events(task_type = "debug", err(Debug))]
async fn debug(job_id: &str) -> Result<(), DebugOnly> {
    if job_id.is_empty() {
        Err(DebugOnly)
    } else {
        Ok(())
    }
}

#[job_events(task_type = "both", err(Debug), ret)]
async fn both(job_id: &str) -> Result<usize, DebugOnly> {
    Ok(job_id.len())
}

#[job_events(task_type = "habits", err, skip_all)]
async fn habits(job_id: &str) -> Result<(), String> {
    let _ = job_id;
    Ok(())
}

#[job_events(task_type = "habits", skip(job_id, rest), err(Display))]
async fn more_habits(job_id: &str, rest: DebugOnly) -> Result<DebugOnly, String> {
    let _ = job_id;
    Ok(rest)
}

#[test]
fn main() {
    drop((
        ret("a"),
        debug("a"),
        both("a"),
        habits("a"),
        more_habits("a", DebugOnly),
    ));
}
