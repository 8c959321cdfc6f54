//! Methods: `&self`, `&mut self`, `self`, `Arc<Self>`; an associated function.
use std::sync::Arc;
use stream_events::job_events;

struct Worker {
    id: String,
    done: u32,
}

impl Worker {
    #[job_events(task_type = "look", job_id = self.id)]
    async fn look(&self) -> &str {
        &self.id
    }

    #[job_events(task_type = "step", fields(self.done))]
    async fn step(&mut self, job_id: &str) -> Result<u32, String> {
        self.done += 1;
        if job_id.is_empty() {
            return Err("empty".to_owned());
        }
        Ok(self.done)
    }

    #[job_events(task_type = "finish", job_id = self.id)]
    async fn finish(self) -> Self {
        self
    }

    #[job_events(task_type = "share", job_id = &self.id, fields(done = self.done))]
    async fn share(self: Arc<Self>) {
        drop(self);
    }

    #[job_events(task_type = "make")]
    async fn make(job_id: String) -> Self {
        Self {
            id: job_id,
            done: 0,
        }
    }
}

#[test]
fn main() {
    let mut worker = Worker {
        id: String::new(),
        done: 0,
    };
    drop(worker.look());
    drop(worker.step("a"));
    drop(worker.finish());
    drop(
        Arc::new(Worker {
            id: String::new(),
            done: 0,
        })
        .share(),
    );
    drop(Worker::make(String::new()));
}
