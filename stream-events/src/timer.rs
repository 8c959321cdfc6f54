//! Time for jobs, whatever runtime they are in, if any: theirs may have no timer, or one that tests have
//! stopped.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::time::Sleep;

/// Made where it is first wanted, and again in a fork, which has no thread that would drive it.
static TIMER: Mutex<Option<(u32, Handle)>> = Mutex::new(None);

/// Resolves after this long, polled in any runtime or in none; never where no thread can be had that
/// would tell the time.
pub(crate) fn sleep(time: Duration) -> Option<Sleep> {
    let handle = handle()?;
    let _entered = handle.enter();
    Some(tokio::time::sleep(time))
}

/// Calls this after so long, on the timer's thread. It must not wait.
pub fn after(time: Duration, call: impl FnOnce() + Send + 'static) {
    if let (Some(handle), Some(sleep)) = (handle(), sleep(time)) {
        handle.spawn(async move {
            sleep.await;
            call();
        });
    }
}

fn handle() -> Option<Handle> {
    let mut timer = TIMER.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    match &*timer {
        Some((of, handle)) if *of == process => Some(handle.clone()),
        _ => {
            let handle = start()?;
            *timer = Some((process, handle.clone()));
            Some(handle)
        }
    }
}

fn start() -> Option<Handle> {
    let runtime = Builder::new_current_thread().enable_time().build().ok()?;
    let handle = runtime.handle().clone();
    thread::Builder::new()
        .name("stream-events-timer".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))
        .ok()?;
    Some(handle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Instant;

    #[test]
    fn time_passes_in_a_runtime_without_a_timer() {
        let start = Instant::now();
        let time = Duration::from_millis(20);
        let untimed = Builder::new_current_thread().build().unwrap();
        untimed.block_on(sleep(time).unwrap());
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
}
