//! What goes in comes out once, in its order, and is counted at every moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use shuttle::future::block_on;
use shuttle::thread::spawn;

use super::check;
use super::script::{
    AMPLE, Seen, add_up, begin, complete, core, delivered, emit, is_vacant, progress, worker,
};
use crate::queue::{Attention, Mark, Taken};
use crate::worker::{Meanwhile, rest};

/// Of one run: the seqs without a hole, the end last.
fn whole(events: &[&Seen]) {
    let seqs: Vec<_> = events.iter().map(|seen| seen.seq).collect();
    assert_eq!(seqs, (0..events.len() as u64).collect::<Vec<_>>());
    let ends: Vec<_> = events.iter().map(|seen| seen.is_end()).collect();
    assert_eq!(ends.iter().filter(|ends| **ends).count(), 1);
    assert_eq!(ends.last(), Some(&true));
}

#[test]
fn each_event_comes_out_once_in_its_order() {
    check(|| {
        let core = core(AMPLE);
        let (worker, log) = worker(&core, |log| log.ends() == 2);
        let run = begin(&core, "job").unwrap();
        let other = begin(&core, "job").unwrap();
        let jobs = [(0, run.clone()), (10, run.clone()), (20, other.clone())];
        let jobs = jobs.map(|(from, run)| {
            spawn(move || {
                progress(&run, from);
                emit(&run, from + 1).unwrap();
            })
        });
        jobs.into_iter().for_each(|job| job.join().unwrap());
        complete(&run);
        complete(&other);
        worker.join().unwrap();
        let seen = log.seen();
        for (run, expected) in [(&run, &[0, 1, 10, 11][..]), (&other, &[20, 21])] {
            let events: Vec<_> = seen.iter().filter(|seen| seen.run == run.id()).collect();
            whole(&events);
            let numbers: Vec<_> = events.iter().filter_map(|seen| seen.number()).collect();
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, expected, "none is lost or doubled");
            let at = |number| numbers.iter().position(|other| *other == number);
            assert!(expected.chunks(2).all(|pair| at(pair[0]) < at(pair[1])));
        }
        let stats = core.queue.counters.stats();
        assert_eq!((stats.delivered, stats.pending), (10, 0));
        drop((run, other));
        assert!(is_vacant(&core.queue));
    });
}

#[test]
fn counts_add_up_while_progress_coalesces() {
    check(|| {
        // Hardly more than what the run reserves: always pressed.
        let core = core(6 * 1024);
        let (worker, log) = worker(&core, |log| log.ends() == 1);
        let run = begin(&core, "job").unwrap();
        let jobs = [0, 10].map(|from| {
            let run = Arc::clone(&run);
            spawn(move || (from..from + 4).for_each(|number| progress(&run, number)))
        });
        let counts = Arc::clone(&core);
        let observer = spawn(move || {
            for _ in 0..3 {
                let stats = counts.queue.counters.stats();
                add_up(stats);
                assert!(stats.emitted <= 10, "{stats:?}");
            }
        });
        jobs.into_iter().for_each(|job| job.join().unwrap());
        complete(&run);
        worker.join().unwrap();
        let seen = log.seen();
        observer.join().unwrap();
        let stats = core.queue.counters.stats();
        let shown: u64 = seen.iter().map(|seen| 1 + seen.coalesced).sum();
        assert_eq!((shown, stats.pending), (10, 0), "{stats:?} {seen:?}");
        assert_eq!(stats.emitted, stats.delivered + stats.coalesced);
        drop(run);
        assert!(is_vacant(&core.queue));
    });
}

/// An event is pending from before the worker can have it until its outcome is counted.
#[test]
fn what_the_worker_has_is_pending() {
    check(|| {
        let core = core(AMPLE);
        let run = begin(&core, "job").unwrap();
        let (taken, settling) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let job = Arc::clone(&run);
        let job = spawn(move || (0..2).for_each(|number| progress(&job, number)));
        let (core_, taken_, settling_) = (core.clone(), taken.clone(), settling.clone());
        let observer = spawn(move || {
            for _ in 0..3 {
                let taken = taken_.load(Relaxed);
                let stats = core_.queue.counters.stats();
                let settled = settling_.load(Relaxed);
                assert!(stats.emitted >= taken, "{taken} were taken: {stats:?}");
                assert!(stats.pending + settled >= taken, "{taken}: {stats:?}");
            }
        });
        while taken.load(Relaxed) < 3 {
            block_on(rest(&core.queue, true, None, Meanwhile::Answers));
            core.queue.attend(Attention::Awake);
            while let Some(Taken {
                lane,
                position,
                events,
            }) = core.queue.take(Instant::now())
            {
                taken.fetch_add(events.len() as u64, Relaxed);
                settling.fetch_add(events.len() as u64, Relaxed);
                core.queue.settle(delivered(events));
                core.queue.release(lane, position);
            }
        }
        job.join().unwrap();
        observer.join().unwrap();
        assert_eq!(core.queue.counters.stats().pending, 0);
    });
}

/// A flush is not done while an event that was pushed before it has no outcome yet.
#[test]
fn no_mark_is_passed_before_what_it_marks() {
    check(|| {
        let core = core(AMPLE);
        let (worker, log) = worker(&core, |log| log.ends() == 1);
        let run = begin(&core, "job").unwrap();
        let jobs = [0, 10].map(|from| {
            let (core, run, log) = (Arc::clone(&core), Arc::clone(&run), log.clone());
            spawn(move || {
                for number in from..from + 2 {
                    emit(&run, number).unwrap();
                    let marks = core.lanes.marks();
                    if marks.iter().all(Mark::is_passed) {
                        assert!(log.numbers().contains(&number), "{log:?}");
                    }
                }
            })
        });
        jobs.into_iter().for_each(|job| job.join().unwrap());
        complete(&run);
        worker.join().unwrap();
    });
}
