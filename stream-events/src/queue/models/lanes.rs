//! A lane is with the queue, or with one who took it, and never forgotten.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

use shuttle::thread::spawn;

use super::check;
use super::script::{AMPLE, begin, core, delivered, emit};
use crate::queue::Queue;

/// Takes what there is, as one who alone may have the lane; says how many events that were.
fn take_all(queue: &Queue, is_out: &AtomicBool) -> usize {
    let mut events = 0;
    while let Some(taken) = queue.take(Instant::now()) {
        assert!(!is_out.swap(true, Relaxed), "the lane was taken twice");
        events += taken.events.len();
        queue.settle(delivered(taken.events));
        is_out.store(false, Relaxed);
        queue.release(taken.lane, taken.position);
    }
    events
}

/// There is more than one who takes when a publisher is abandoned.
#[test]
fn a_lane_is_listed_once_and_not_forgotten() {
    check(|| {
        let core = core(AMPLE);
        let run = begin(&core, "job").unwrap();
        let is_out = Arc::new(AtomicBool::new(false));
        let takers = [(); 2].map(|()| {
            let (core, is_out) = (Arc::clone(&core), Arc::clone(&is_out));
            spawn(move || take_all(&core.queue, &is_out))
        });
        let jobs = [1, 2].map(|number| {
            let run = Arc::clone(&run);
            spawn(move || emit(&run, number).unwrap())
        });
        jobs.into_iter().for_each(|job| job.join().unwrap());
        let taken = takers.map(|taker| taker.join().unwrap());
        let rest = take_all(&core.queue, &is_out);
        assert_eq!(taken[0] + taken[1] + rest, 3);
        emit(&run, 3).unwrap();
        assert_eq!(take_all(&core.queue, &is_out), 1, "it is listed again");
    });
}
