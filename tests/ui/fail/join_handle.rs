use std::future::{Future, Ready, ready};
use tokio::task::JoinHandle;

type Handle = JoinHandle<()>;

#[stream_events::job_events(task_type = "spawned")]
fn spawned(job_id: String) -> JoinHandle<()> {
    tokio::spawn(async move { drop(job_id) })
}

#[stream_events::job_events(task_type = "alias")]
fn alias(job_id: u8) -> Handle {
    tokio::spawn(async {})
}

#[stream_events::job_events(task_type = "fallible")]
fn fallible(job_id: u8) -> Result<JoinHandle<()>, String> {
    if job_id == 0 {
        return Err("none".to_owned());
    }
    Ok(tokio::spawn(async {}))
}

#[stream_events::job_events(task_type = "within")]
fn within(job_id: u8) -> Result<impl Future<Output = ()>, String> {
    Ok(async move { drop(job_id) })
}

#[stream_events::job_events(task_type = "boxed")]
fn boxed(job_id: u8) -> Box<dyn Future<Output = ()> + Unpin> {
    Box::new(ready(()))
}

#[stream_events::job_events(task_type = "named")]
fn named(job_id: u8) -> Ready<u8> {
    ready(job_id)
}

trait Work: Future<Output = ()> {}

impl Work for Ready<()> {}

#[stream_events::job_events(task_type = "custom")]
fn custom(job_id: u8) -> impl Work {
    ready(drop(job_id))
}

fn main() {
    drop((spawned(String::new()), alias(1), fallible(1)));
    drop((within(1), boxed(1), named(1), custom(1)));
}
