//! Aliases of `Result`, of the crate's own and with one parameter.
use stream_events::job_events;

type Outcome<T> = Result<T, String>;
type Done = Outcome<()>;

#[job_events(task_type = "collect", ret)]
async fn collect(job_id: &str) -> Outcome<Vec<u32>> {
    job_id
        .split(',')
        .map(|part| part.parse().map_err(|_| part.to_owned()))
        .collect()
}

#[job_events(task_type = "done")]
async fn done(job_id: &str) -> Done {
    collect(job_id).await?;
    Ok(())
}

#[job_events(task_type = "read", job_id = new)]
async fn read() -> std::io::Result<String> {
    std::fs::read_to_string("")
}

#[test]
fn main() {
    drop(done("1"));
    drop(read());
}
