//! When the machine stood still, or had no time for us: nobody's call is to blame for that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use crate::history::now;

/// A thread that should run each time that a beat has passed.
pub(crate) struct Pulse {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<Vec<(u64, u64)>>,
}

const BEAT: Duration = Duration::from_millis(10);
/// So late that others are, too.
const LATE: Duration = Duration::from_millis(100);

impl Pulse {
    pub(crate) fn start() -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&is_over);
        let run = move || {
            let mut stalls = Vec::new();
            while !ends.load(Relaxed) {
                let before = Instant::now();
                sleep(BEAT);
                let took = before.elapsed();
                if took > LATE {
                    let now = now();
                    stalls.push((now.saturating_sub(took.as_millis() as u64), now));
                }
            }
            stalls
        };
        Self {
            is_over,
            thread: std::thread::spawn(run),
        }
    }

    /// From and to, in ms since 1970.
    pub(crate) fn finish(self) -> Vec<(u64, u64)> {
        self.is_over.store(true, Relaxed);
        self.thread.join().unwrap()
    }
}
