#![allow(unused_variables)]
use async_trait::async_trait;
use std::future::Future;
use std::pin::Pin;

#[async_trait]
trait Resize {
    #[stream_events::job_events(task_type = "resize")]
    async fn resize(&self, job_id: &str) -> Result<String, String> {
        let width: u32 = "wide";
        Ok(3)
    }
}

#[stream_events::job_events(task_type = "shrink")]
fn shrink(job_id: u8) -> Pin<Box<dyn Future<Output = Result<String, String>>>> {
    let width: u32 = "wide";
    Box::pin(async { Ok(3) })
}

#[stream_events::job_events(task_type = "crop")]
fn crop(job_id: u8) -> impl Future<Output = Result<String, String>> {
    let width: u32 = "wide";
    async { Ok(3) }
}

fn main() {}
