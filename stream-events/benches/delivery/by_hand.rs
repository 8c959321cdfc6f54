//! What one would write by hand, with the publisher's work and none of its promises: JSON made on the
//! caller's side, a bounded channel, a thread that sends what has come by then as `XADD … *`.

use std::sync::Arc;
use std::thread;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use redis::Pipeline;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::pipelines::{BATCH, REQUESTS, send, xadd};
use crate::{EVENTS, PENDING};

pub(crate) struct ByHand {
    jobs: Vec<Job>,
    events: mpsc::Sender<Event>,
    worker: thread::JoinHandle<()>,
}

struct Job {
    id: String,
    key: Arc<str>,
}

struct Event {
    key: Arc<str>,
    data: Vec<u8>,
    timestamp: String,
}

/// The same keys as the publisher's.
#[derive(Serialize)]
struct Data<'a> {
    event_type: &'a str,
    timestamp: &'a str,
    job_id: &'a str,
    task_type: &'a str,
    run: &'a str,
    seq: usize,
    progress: &'a str,
    step: &'a str,
    current: usize,
    total: usize,
}

impl ByHand {
    pub(crate) fn start(url: &str, jobs: usize, round: usize) -> Self {
        let client = redis::Client::open(url).unwrap();
        let (events, queue) = mpsc::channel(PENDING as usize);
        let worker = thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().unwrap();
            runtime.block_on(deliver(client, queue));
        });
        let job = |n| Job {
            id: format!("job_{round}_{n}"),
            key: format!("job_events:job_{round}_{n}").into(),
        };
        Self {
            jobs: (0..jobs).map(job).collect(),
            events,
            worker,
        }
    }

    /// Waits where the channel is full, as callers of the publisher do here.
    pub(crate) fn progress(&self, n: usize) {
        let job = &self.jobs[n % self.jobs.len()];
        let time = jiff::Timestamp::now();
        let timestamp = time.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string();
        let data = Data {
            event_type: "task_progress",
            timestamp: &timestamp,
            job_id: &job.id,
            task_type: "bench",
            run: "01936d2c-5c1e-7000-8000-000000000000",
            seq: n / self.jobs.len(),
            progress: "reading the pages",
            step: "analysis",
            current: n,
            total: EVENTS,
        };
        let event = Event {
            key: Arc::clone(&job.key),
            data: serde_json::to_vec(&data).unwrap(),
            timestamp,
        };
        self.events.blocking_send(event).unwrap();
    }

    /// Until all of it is acknowledged.
    pub(crate) fn finish(self) {
        drop(self.events);
        self.worker.join().unwrap();
    }
}

async fn deliver(client: redis::Client, mut queue: mpsc::Receiver<Event>) {
    let connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut on_their_way = FuturesUnordered::new();
    let mut events = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut events, BATCH).await > 0 {
        on_their_way.push(send(connection.clone(), pipeline(&events)));
        events.clear();
        if on_their_way.len() == REQUESTS {
            on_their_way.next().await;
        }
    }
    while on_their_way.next().await.is_some() {}
}

fn pipeline(events: &[Event]) -> Pipeline {
    let mut pipeline = Pipeline::with_capacity(events.len());
    for event in events {
        let values = [&event.data, event.timestamp.as_bytes(), b"task_progress"];
        pipeline
            .add_command(xadd(&event.key, "*", &values))
            .ignore();
    }
    pipeline
}
