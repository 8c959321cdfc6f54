//! A worker that rests is woken for what it has to see.

use std::sync::Arc;

use shuttle::future::block_on;
use shuttle::thread::spawn;

use super::check;
use super::script::{AMPLE, Log, begin, core, emit, progress, worker};
use crate::queue::Attention;

/// A wake-up that is lost leaves the worker asleep for ever, which is found.
#[test]
fn a_worker_that_sleeps_is_woken_by_any_event() {
    check(|| {
        let core = core(AMPLE);
        let runs = ["job_1", "job_2"].map(|job| begin(&core, job).unwrap());
        let (worker, log) = worker(&core, |log| log.numbers().len() == 4);
        let jobs = runs.map(|run| {
            spawn(move || {
                progress(&run, 1);
                progress(&run, 2);
            })
        });
        worker.join().unwrap();
        jobs.into_iter().for_each(|job| job.join().unwrap());
        assert_eq!(log.seen().len(), 6);
    });
}

/// No nap ends by itself here: what is urgent has to end it, also where something that is not comes to
/// the same lane at that moment.
#[test]
fn a_worker_that_naps_is_woken_by_what_is_urgent() {
    check(|| {
        let core = core(AMPLE);
        let run = begin(&core, "job").unwrap();
        let log = Log::default();
        log.deliver(&core.queue);
        let dozer = Arc::clone(&core.queue);
        let worker = spawn(move || {
            while !log.numbers().contains(&2) {
                dozer.attend(Attention::Napping);
                if dozer.is_empty() {
                    block_on(dozer.wanted());
                }
                dozer.attend(Attention::Awake);
                log.deliver(&dozer);
            }
        });
        let other = Arc::clone(&run);
        let other = spawn(move || progress(&other, 1));
        emit(&run, 2).unwrap();
        worker.join().unwrap();
        other.join().unwrap();
    });
}
