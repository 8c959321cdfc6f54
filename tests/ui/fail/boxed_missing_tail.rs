#![allow(unused_variables)]
use async_trait::async_trait;
use std::future::Future;
use std::pin::Pin;

#[async_trait]
trait Resize {
    #[stream_events::job_events(task_type = "resize")]
    async fn resize(&self, job_id: &str) -> Result<u32, String> {
        drop(job_id);
    }
}

#[stream_events::job_events(task_type = "shrink")]
fn shrink(job_id: u8) -> Pin<Box<dyn Future<Output = u32>>> {
    drop(job_id);
}

#[stream_events::job_events(task_type = "crop")]
fn crop(job_id: u8) -> impl Future<Output = u32> {
    drop(job_id);
}

fn main() {}
