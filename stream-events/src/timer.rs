//! Time for jobs, whatever runtime they are in, if any: theirs may have no timer, or one that tests have
//! stopped.

mod thread;

use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::task::coop::unconstrained;
use tokio::time::Sleep;

use thread::Thread;

/// What tells the time to jobs. Nothing is done on it but that, by their wakers: what an executor does in
/// one is done there, too.
static TIMES: OnceLock<Box<Thread>> = OnceLock::new();
/// What makes the calls, which may take their time, or wait.
static CALLS: OnceLock<Box<Thread>> = OnceLock::new();

/// A moment that a job waits for beside its work, polled in any runtime or in none.
pub(crate) struct Alarm {
    /// None where it is too far away to come.
    at: Option<Instant>,
    /// None where no thread can be had that would wake the job: it is in time then where it is polled.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    pub(crate) fn after(time: Duration) -> Self {
        Self {
            at: Instant::now().checked_add(time),
            sleep: sleep(time).map(Box::pin),
        }
    }

    /// A job that has used up what tokio lets it do in one go is late all the same.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.sleep {
            Some(sleep) => Pin::new(&mut unconstrained(sleep.as_mut())).poll(context),
            None if self.at.is_some_and(|at| at <= Instant::now()) => Poll::Ready(()),
            None => Poll::Pending,
        }
    }
}

fn sleep(time: Duration) -> Option<Sleep> {
    let handle = Thread::of_process(&TIMES, "stream-events-timer")?;
    // A thread at its end has no runtime to enter any more.
    if Handle::try_current().is_err_and(|error| error.is_thread_local_destroyed()) {
        return None;
    }
    let _entered = handle.enter();
    Some(tokio::time::sleep(time))
}

/// Calls this after so long, on a thread for such calls: one that waits holds the others up, but no job.
/// Never where no thread can be had, which is said.
pub fn after(time: Duration, call: impl FnOnce() + Send + 'static) {
    if let Some(handle) = Thread::of_process(&CALLS, "stream-events-calls") {
        handle.spawn(async move {
            // What is to come at once comes in its order.
            if !time.is_zero() {
                tokio::time::sleep(time).await;
            }
            call();
        });
    }
}

/// Drops this once the calls that were to come at once have come.
pub(crate) fn pass(ticket: impl Send + 'static) {
    if CALLS.get().is_some() {
        after(Duration::ZERO, move || drop(ticket));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use tokio::runtime::Builder;

    #[test]
    fn time_passes_in_a_runtime_without_a_timer() {
        let start = Instant::now();
        let time = Duration::from_millis(20);
        let untimed = Builder::new_current_thread().build().unwrap();
        let mut alarm = Alarm::after(time);
        untimed.block_on(std::future::poll_fn(|context| alarm.poll(context)));
        assert!(start.elapsed() >= time);
    }

    #[test]
    fn calls_come_in_their_time_and_a_panic_holds_none_up() {
        let (tell, told) = mpsc::channel();
        after(Duration::from_millis(30), {
            let tell = tell.clone();
            move || tell.send(2).unwrap()
        });
        after(Duration::from_millis(1), || panic!("on the timer's thread"));
        after(Duration::from_millis(10), move || tell.send(1).unwrap());
        assert_eq!(told.iter().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_call_that_waits_holds_up_no_job() {
        let (tell, told) = mpsc::channel::<()>();
        let (began, has_begun) = mpsc::channel();
        after(Duration::ZERO, move || {
            began.send(()).unwrap();
            let _ = told.recv();
        });
        has_begun.recv().unwrap();
        let untimed = Builder::new_current_thread().build().unwrap();
        let mut alarm = Alarm::after(Duration::from_millis(1));
        untimed.block_on(std::future::poll_fn(|context| alarm.poll(context)));
        drop(tell);
    }

    #[test]
    fn without_a_thread_the_clock_is_looked_at() {
        let mut context = Context::from_waker(std::task::Waker::noop());
        for (time, is_over) in [(0, true), (3600, false)] {
            let mut alarm = Alarm {
                sleep: None,
                ..Alarm::after(Duration::from_secs(time))
            };
            assert_eq!(alarm.poll(&mut context).is_ready(), is_over);
        }
    }
}
