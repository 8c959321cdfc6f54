//! The room that a run keeps is there when it is needed, and is given back once.

use std::sync::Arc;

use shuttle::thread::spawn;

use super::check;
use super::script::{AMPLE, Log, begin, complete, core, emit, fill, is_vacant, progress, worker};
use crate::stats::Reason;

/// Room for two runs of the three, and hardly more.
#[test]
fn an_end_finds_room_in_a_full_queue() {
    check(|| {
        let core = core(2 * 4096 + 1500);
        let jobs = ["job_1", "job_2", "job_3"].map(|job| {
            let core = Arc::clone(&core);
            spawn(move || match begin(&core, job) {
                Ok(run) => {
                    let _ = emit(&run, 0);
                    progress(&run, 1);
                    complete(&run);
                    true
                }
                Err(reason) => {
                    assert_eq!(reason, Reason::QueueFull);
                    false
                }
            })
        });
        let begun = jobs.map(|job| job.join().unwrap());
        let log = Log::default();
        log.deliver(&core.queue);
        let begun = begun.iter().filter(|begun| **begun).count();
        assert_eq!(log.ends(), begun, "{log:?}");
        assert!(is_vacant(&core.queue));
    });
}

#[test]
fn the_slots_of_a_run_go_back_once_whoever_has_them_at_its_end() {
    check(|| {
        let core = core(AMPLE);
        let run = begin(&core, "job").unwrap();
        let filled = fill(&core.queue);
        let (worker, _) = worker(&core, |log| log.ends() == 1);
        let job = Arc::clone(&run);
        let job = spawn(move || (0..3).for_each(|number| progress(&job, number)));
        complete(&run);
        job.join().unwrap();
        worker.join().unwrap();
        drop(run);
        core.queue.room.release(filled);
        assert!(is_vacant(&core.queue));
    });
}

#[test]
fn the_first_and_the_newest_progress_find_room_in_a_full_queue() {
    check(|| {
        let core = core(AMPLE);
        let run = begin(&core, "job").unwrap();
        fill(&core.queue);
        let (worker, log) = worker(&core, |log| log.ends() == 1);
        let job = Arc::clone(&run);
        let job = spawn(move || {
            (0..4).for_each(|number| progress(&job, number));
            complete(&job);
        });
        job.join().unwrap();
        worker.join().unwrap();
        let numbers = log.numbers();
        assert_eq!((numbers.first(), numbers.last()), (Some(&0), Some(&3)));
        let shown: u64 = log.seen().iter().map(|seen| 1 + seen.coalesced).sum();
        assert_eq!(shown, 6, "{log:?}");
    });
}

/// The handle is dropped by one thread while another, which has a handle too, emits.
#[test]
fn a_run_that_is_let_go_gives_its_room_back() {
    check(|| {
        let core = core(AMPLE);
        let run = begin(&core, "job").unwrap();
        let jobs = [1, 2].map(|number| {
            let run = Arc::clone(&run);
            spawn(move || {
                progress(&run, number);
                drop(run);
            })
        });
        drop(run);
        let log = Log::default();
        log.deliver(&core.queue);
        jobs.into_iter().for_each(|job| job.join().unwrap());
        log.deliver(&core.queue);
        assert_eq!(log.numbers().len(), 2);
        assert!(is_vacant(&core.queue));
    });
}
