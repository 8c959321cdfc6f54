//! Methods: with `&self`, `&mut self`, `self`, `mut self`, `Arc<Self>` and what else `Self` may be in; an
//! associated function.
use std::pin::Pin;
use std::rc::Rc;
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

    #[job_events(task_type = "renew", job_id = self.id, fields(self.done))]
    async fn renew(mut self) -> Self {
        self.done = 0;
        self
    }

    #[job_events(task_type = "pinned", job_id = self.id)]
    async fn pinned(mut self: Pin<&mut Self>) -> u32 {
        self.done += 1;
        self.done
    }

    #[job_events(task_type = "boxed", job_id = self.id)]
    async fn boxed(self: Box<Self>) -> String {
        self.id
    }

    #[job_events(task_type = "counted", job_id = self.id)]
    async fn counted(self: Rc<Self>) -> usize {
        Rc::strong_count(&self)
    }

    #[job_events(task_type = "lent", job_id = self.id)]
    async fn lent(self: &Arc<Self>) -> &str {
        &self.id
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
    let new = || Worker {
        id: String::new(),
        done: 0,
    };
    let mut worker = new();
    drop(worker.look());
    drop(worker.step("a"));
    drop(Pin::new(&mut worker).pinned());
    drop(worker.finish());
    drop(new().renew());
    let shared = Arc::new(new());
    drop(shared.lent());
    drop(shared.share());
    drop((Box::new(new()).boxed(), Rc::new(new()).counted()));
    drop(Worker::make(String::new()));
}
