//! The future stays `Send`, and what a field's expression locks is free before the job runs.
use std::fmt::Display;
use std::rc::Rc;
use std::sync::Mutex;
use stream_events::{job_events, progress, publish};

fn assert_send<T: Send>(_: T) {}

#[job_events(
    task_type = "send",
    job_id = Rc::new(7),
    fields(locked = *state.lock().unwrap(), %name),
)]
async fn send(state: &Mutex<u32>, name: impl Display + Send) -> Result<String, std::io::Error> {
    progress!("before {name}", current = 1);
    std::future::ready(()).await;
    publish!("locked", state = *state.lock().unwrap(), %name, rc = *Rc::new(3));
    std::future::ready(()).await;
    Ok(name.to_string())
}

#[test]
fn main() {
    assert_send(send(&Mutex::new(1), "a"));
}
