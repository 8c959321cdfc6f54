//! The jobs of a producer: by a handle, annotated, or with the methods that await; each with an end of
//! one kind or another.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use stream_events::{ErrorKind, Job, Progress, job_events, progress, publish};
use tokio::sync::Notify;

use crate::checker::LATE;
use crate::history::{Mark, What};
use crate::plan::{End, Plan, Step, Way};
use crate::producer::{Order, Producer};

pub(crate) async fn run(of: &Arc<Producer>, plan: Plan) {
    let token = plan.token.clone();
    match plan.way {
        Way::Handle => by_handle(of, &plan).await,
        Way::Annotated => by_function(of, plan).await,
        Way::Awaiting => awaiting(of, &plan).await,
    }
    of.pen.write(What::Done { token });
}

/// A run as long as the process.
pub(crate) async fn long(of: Arc<Producer>) {
    let plan = Plan::long(of.assignment.long_job(), &of.assignment.name());
    let Some(job) = begun(&of, &plan).await else {
        return;
    };
    let mut index = 0;
    while !of.is_told(Order::Finish) {
        index += 1;
        of.emits(&plan, "row", index);
        of.timed(|| job.emit("row", plan.fields(index)));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    of.emits(&plan, "task_completed", index + 1);
    of.timed(|| job.completed(&()));
    let token = plan.token;
    of.pen.write(What::Done { token });
}

async fn begun(of: &Producer, plan: &Plan) -> Option<Job> {
    let mark = of.emits(plan, "task_started", 0);
    match of.timed(|| of.publisher.job(&*plan.job, &plan.token)) {
        Ok(job) => Some(job),
        Err(error) => {
            of.refused(mark, error.kind());
            // There is no room, and there would be none for the next one.
            tokio::time::sleep(REFUSED).await;
            None
        }
    }
}

const REFUSED: Duration = Duration::from_millis(50);

async fn by_handle(of: &Producer, plan: &Plan) {
    let Some(job) = begun(of, plan).await else {
        return;
    };
    for (step, index) in plan.steps.iter().zip(1..) {
        if step.is_progress {
            of.emits(plan, "task_progress", index);
            let progress = Progress::new("at work").fields(&plan.fields(index));
            of.timed(|| job.progress(progress));
        } else {
            of.emits(plan, "row", index);
            of.timed(|| job.emit("row", plan.fields(index)));
        }
        step.work(plan, of).await;
    }
    if plan.end == End::Completes {
        of.emits(plan, "task_completed", plan.last());
        of.timed(|| job.completed(&()));
    } else {
        of.emits(plan, "task_failed", plan.last());
        match plan.end {
            End::Fails => of.timed(|| job.failed("no luck")),
            _ => of.timed(|| drop(job)),
        }
    }
}

async fn by_function(of: &Arc<Producer>, plan: Plan) {
    of.emits(&plan, "task_started", 0);
    let (is_left, panics) = (Arc::new(Notify::new()), plan.end == End::Panics);
    let (job, token) = (plan.job.clone(), plan.token.clone());
    let left = Arc::clone(&is_left);
    let of = Arc::clone(of);
    let work = async move {
        tokio::select! {
            _ = annotated(&job, &token, &plan, &of, &is_left) => {}
            () = left.notified() => {}
        }
    };
    assert_eq!(tokio::spawn(work).await.is_err(), panics);
}

/// By this name, since what a `token` holds would be scrubbed.
#[job_events(task_type = "annotated", fields(label), ret)]
async fn annotated(
    job_id: &str,
    label: &str,
    plan: &Plan,
    of: &Producer,
    is_left: &Notify,
) -> Result<String, String> {
    for (step, index) in plan.steps.iter().zip(1_u64..) {
        if step.is_progress {
            of.emits(plan, "task_progress", index);
            of.timed(|| progress!("at work", label, index));
        } else {
            of.emits(plan, "row", index);
            of.timed(|| publish!("row", label, index));
        }
        step.work(plan, of).await;
    }
    if plan.end == End::Completes {
        of.emits(plan, "task_completed", plan.last());
        return Ok(label.to_owned());
    }
    of.emits(plan, "task_failed", plan.last());
    match plan.end {
        End::Panics => panic!("{label}"),
        End::IsDropped => {
            is_left.notify_one();
            std::future::pending().await
        }
        _ => Err(label.to_owned()),
    }
}

async fn awaiting(of: &Producer, plan: &Plan) {
    let (publisher, token) = (&of.publisher, &*plan.token);
    let mark = of.emits(plan, "task_started", 0);
    let begun = publisher.publish_task_started(&*plan.job, token, &()).await;
    if let Some(ErrorKind::QueueFull | ErrorKind::Rejected) = of.told(mark, begun) {
        return tokio::time::sleep(REFUSED).await;
    }
    for (step, index) in plan.steps.iter().zip(1_u64..) {
        let mark = of.emits(plan, "row", index);
        let row = json!({"event_type": "row", "label": token, "index": index});
        let row = publisher.publish_event(&*plan.job, &row).await;
        of.told(mark, row);
        step.work(plan, of).await;
    }
    loop {
        let told = if plan.end == End::Completes {
            let mark = of.emits(plan, "task_completed", plan.last());
            let end = publisher.publish_task_completed(&*plan.job, token, &(), &());
            of.told(mark, end.await)
        } else {
            let mark = of.emits(plan, "task_failed", plan.last());
            let end = publisher.publish_task_failed(&*plan.job, token, "no luck", &());
            of.told(mark, end.await)
        };
        if told != Some(ErrorKind::QueueFull) {
            return;
        }
        // The run is open still, and an end that found no room is given again.
        tokio::time::sleep(REFUSED).await;
    }
}

impl Producer {
    fn told<T>(&self, mark: Mark, told: Result<T, stream_events::Error>) -> Option<ErrorKind> {
        match told {
            Ok(_) => {
                self.pen.write(What::Acked(mark));
                None
            }
            Err(error) => {
                self.refused(mark, error.kind());
                Some(error.kind())
            }
        }
    }

    fn refused(&self, mark: Mark, kind: ErrorKind) {
        let why = match kind {
            ErrorKind::Timeout => LATE.to_owned(),
            kind => format!("{kind:?}"),
        };
        self.pen.write(What::Refused { mark, why });
    }
}

impl Step {
    /// What follows it.
    async fn work(self, plan: &Plan, of: &Producer) {
        if self.flushes {
            of.flush(Some(plan), Duration::from_millis(300)).await;
        }
        // No time is no wait: the next follows at once.
        if !self.works.is_zero() {
            tokio::time::sleep(self.works).await;
        }
    }
}
