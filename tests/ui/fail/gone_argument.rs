// What names the job has to be there.
#[stream_events::job_events(task_type = "resize")]
fn resize(#[cfg(any())] job_id: u32, width: u32) -> u32 {
    width
}

#[stream_events::job_events(task_type = "shrink", job_id = image, fields(image, size = image.len()))]
fn shrink(#[cfg(any())] image: Vec<u8>, width: u32) -> u32 {
    width
}

fn main() {
    resize(1);
    shrink(1);
}
