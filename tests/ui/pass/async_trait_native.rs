//! A native `async fn` of a trait: on the impl, and on a default body.
#![allow(async_fn_in_trait)]
use stream_events::job_events;

trait Task {
    type Output;
    async fn run(&self, job_id: &str) -> Result<Self::Output, String>;

    #[job_events(task_type = "twice")]
    async fn twice(&self, job_id: &str) -> Result<(Self::Output, Self::Output), String> {
        Ok((self.run(job_id).await?, self.run(job_id).await?))
    }
}

struct Length;

impl Task for Length {
    type Output = usize;

    #[job_events(task_type = "length", ret)]
    async fn run(&self, job_id: &str) -> Result<Self::Output, String> {
        Ok(job_id.len())
    }
}

#[test]
fn main() {
    drop(Length.twice("a"));
}
