// It stays unsafe: outside, where calls have to say so, and inside.
use std::future::Future;

#[stream_events::job_events(task_type = "read", fields(?at), ret)]
unsafe fn read(job_id: &str, at: *const u8) -> Result<u8, String> {
    let _ = job_id;
    Ok(unsafe { *at })
}

#[stream_events::job_events(task_type = "read_later", job_id = new)]
async unsafe fn read_later(at: *const u8) -> u8 {
    unsafe { *at }
}

#[stream_events::job_events(task_type = "read_future", job_id = new)]
unsafe fn read_future(at: *const u8) -> impl Future<Output = u8> {
    async move { unsafe { *at } }
}

fn main() {
    let byte = 7;
    drop((read("a", &byte), read_later(&byte), read_future(&byte)));
}
