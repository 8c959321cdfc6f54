#![allow(unused_variables)]

struct Image;

#[stream_events::job_events(task_type = "resize", ret)]
async fn resize(job_id: &str) -> Result<Image, String> {
    Ok(Image)
}

fn main() {
    drop(resize("a"));
}
