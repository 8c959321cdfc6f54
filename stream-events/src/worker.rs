//! The publisher's own thread: takes from the queue, drives delivery, keeps the connection.

mod control;
mod errand;
mod few;
mod index;
mod leases;
mod link;
mod log;
mod notice;
mod request;
mod rest;
mod seal;
mod shift;
mod spooling;
mod teller;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;

pub(crate) use control::{Control, in_time};
use log::Log;
pub(crate) use log::Ticket;
pub(crate) use notice::Notice;
#[cfg(all(test, shuttle))]
pub(crate) use rest::{Meanwhile, rest};
use shift::Shift;

use crate::Error;
use crate::queue::{Lanes, Position, Queue};
use crate::random::Random;
use crate::settings::Settings;
use crate::store::Store;

/// One worker serves one publisher. It has a thread and a runtime of its own: a job that blocks its
/// runtime, or a runtime that ends, stops no delivery.
pub(crate) struct Worker {
    pub(crate) queue: Arc<Queue>,
    pub(crate) lanes: Arc<Lanes>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) control: UnboundedReceiver<Control>,
}

impl Worker {
    /// Starts the thread. It ends after a shutdown, or when the last handle is gone.
    pub(crate) fn spawn(self) -> Result<(), Error> {
        let failed = |why| Error::environment("the publisher's thread cannot start", why);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let thread = std::thread::Builder::new().name("stream-events".to_owned());
        let (queue, lanes) = (Arc::clone(&self.queue), Arc::clone(&self.lanes));
        let run = move || {
            notice::unheard(|| {
                let shift = AssertUnwindSafe(|| runtime.block_on(self.work()));
                if catch_unwind(shift).is_err() {
                    broken(&queue, &lanes);
                }
            });
        };
        thread.spawn(run).map(drop).map_err(failed)
    }

    /// Delivers until a shutdown, or the last handle is gone.
    pub(crate) async fn work(self) {
        Shift::new(self).run().await;
    }
}

/// A panic here is a fault of ours. Nobody may wait for what will not come.
fn broken(queue: &Queue, lanes: &Lanes) {
    queue.close();
    // What the worker had is gone with it, and what waits behind that would wait for ever.
    for lane in lanes.all() {
        queue.release(lane, Position::new(&Random::default()));
    }
    queue.abandon(|_| false);
    let stats = queue.counters.stats();
    Log::default().say(Notice::Broken { stats });
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::event::EventType;
    use crate::job::{JobId, Plan, Run};
    use crate::queue::{Outcome, Waiter};
    use crate::{Fields, Publisher};

    #[test]
    fn nobody_waits_behind_what_a_broken_worker_had() {
        let core = Publisher::builder().url("memory:").unattended();
        let job = JobId::try_from("job").unwrap();
        let run = Run::begin(&core, Plan::new(job, "t"), None).unwrap();
        drop(core.queue.take(Instant::now()).unwrap());
        let (waiter, mut told) = Waiter::new();
        let row = EventType::domain("row");
        run.emit(row, Fields::new(), Some(waiter)).unwrap();
        broken(&core.queue, &core.lanes);
        let told = told.try_recv().unwrap();
        assert!(matches!(told, Outcome::ShutDown { may_arrive: false }));
    }
}
