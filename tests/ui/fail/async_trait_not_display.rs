use async_trait::async_trait;

struct Failure;

#[derive(Debug)]
struct Image;

#[async_trait]
trait Resize {
    #[stream_events::job_events(task_type = "resize")]
    async fn resize(&self, job_id: &str) -> Result<u32, Failure> {
        Ok(3)
    }

    #[stream_events::job_events(task_type = "shrink", ret)]
    async fn shrink(&self, job_id: &str, image: Image) -> Result<Image, String> {
        Ok(image)
    }

    #[stream_events::job_events(task_type = "crop")]
    async fn crop(&self, (job_id, image): (u32, Image)) {}
}

fn main() {}
