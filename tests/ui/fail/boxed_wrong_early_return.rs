#![allow(unused_variables)]
use async_trait::async_trait;
use std::future::Future;
use std::pin::Pin;

#[async_trait]
trait Resize {
    #[stream_events::job_events(task_type = "resize")]
    async fn resize(&self, job_id: &str) -> Result<u32, String> {
        if job_id.is_empty() {
            return Err(7);
        }
        Ok(3)
    }
}

#[stream_events::job_events(task_type = "shrink")]
fn shrink(job_id: u8) -> Pin<Box<dyn Future<Output = u32>>> {
    if job_id == 0 {
        return Box::pin(7);
    }
    Box::pin(async { 3 })
}

#[stream_events::job_events(task_type = "crop")]
fn crop(job_id: u8) -> impl Future<Output = u32> {
    if job_id == 0 {
        return 7;
    }
    async { 3 }
}

fn main() {}
