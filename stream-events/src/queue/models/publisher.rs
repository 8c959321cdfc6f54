//! Handles of a publisher against its own worker: flushes, and all that a shutdown meets.

use std::sync::Arc;
use std::time::Duration;

use shuttle::future::block_on;
use shuttle::thread::{JoinHandle, spawn};

use super::script::{AMPLE, add_up, begin, core, emit, publisher};
use super::{check, check_at_work};
use crate::event::EventType;
use crate::worker::Worker;
use crate::{ErrorKind, Event, Fields, Reader, Report};

/// No timer fires: what is not done without one never is.
const LONG: Duration = Duration::from_secs(3600);

fn at_work(worker: Worker) -> JoinHandle<()> {
    spawn(move || block_on(worker.work()))
}

/// Of the one job that these models have: what order maps have their entries in is no scheduler's to
/// say, nor in a schedule.
fn history(reader: &Reader) -> Vec<Event> {
    let mut history = reader.history("job").unwrap();
    let mut events = Vec::new();
    while let Some(event) = block_on(history.next()) {
        events.push(event.unwrap());
    }
    events
}

fn count(events: &[Event], event_type: &str) -> usize {
    let is_of = |event: &&Event| event.event_type().to_string() == event_type;
    events.iter().filter(is_of).count()
}

/// Each run that is there begins and ends.
fn are_whole(events: &[Event]) {
    for run in events.iter().map(Event::run) {
        let of_run: Vec<_> = events.iter().filter(|event| event.run() == run).collect();
        let types: Vec<_> = of_run.iter().map(|event| event.event_type()).collect();
        assert_eq!(*types[0], EventType::TaskStarted, "{types:?}");
        let ends = of_run.iter().filter(|event| event.is_terminal()).count();
        assert_eq!(ends, 1, "{types:?}");
        assert!(of_run.last().unwrap().is_terminal(), "{types:?}");
    }
}

#[test]
fn a_flush_ends_when_all_before_it_is_delivered() {
    check_at_work(|| {
        let (publisher, worker) = publisher(AMPLE);
        let worker = at_work(worker);
        let jobs = [1, 2].map(|rows| {
            let publisher = publisher.clone();
            spawn(move || {
                let job = publisher.job("job", "t").unwrap();
                let row = format!("row_{rows}");
                (0..rows).for_each(|_| job.emit(&row, Fields::new()));
                let report = block_on(publisher.flush(LONG));
                assert!(report.complete);
                add_up(report.stats);
                assert_eq!(count(&history(&publisher.reader()), &row), rows);
            })
        });
        jobs.into_iter().for_each(|job| job.join().unwrap());
        drop(publisher);
        worker.join().unwrap();
    });
}

#[test]
fn a_run_beside_a_shutdown_has_its_start_and_its_end_or_neither() {
    check_at_work(|| {
        let (publisher, worker) = publisher(AMPLE);
        let worker = at_work(worker);
        let jobs = [false, true].map(|completes| {
            let publisher = publisher.clone();
            spawn(move || {
                let job = publisher.job("job", "t").ok()?;
                job.emit("row", Fields::new());
                if completes {
                    job.completed(&());
                }
                Some(job)
            })
        });
        let report = block_on(publisher.shutdown(LONG));
        add_up(report.stats);
        worker.join().unwrap();
        are_whole(&history(&publisher.reader()));
        // Some handles outlive the publisher.
        drop(jobs.map(|job| job.join().unwrap()));
        let stats = publisher.stats();
        assert_eq!(stats.pending, 0, "{stats:?}");
    });
}

#[test]
fn a_run_beside_two_shutdowns_has_its_start_and_its_end() {
    check_at_work(|| {
        let (publisher, worker) = publisher(AMPLE);
        let job = publisher.job("job", "t").unwrap();
        let worker = at_work(worker);
        let ends = [(); 2].map(|()| {
            let publisher = publisher.clone();
            spawn(move || {
                let _ = block_on(publisher.shutdown(LONG));
            })
        });
        job.emit("row", Fields::new());
        ends.into_iter().for_each(|end| end.join().unwrap());
        worker.join().unwrap();
        drop(job);
        let events = history(&publisher.reader());
        assert!(!events.is_empty());
        are_whole(&events);
        assert_eq!(publisher.stats().pending, 0);
    });
}

/// Who pushes as the publisher goes may have taken what its worker would drop, and not have counted it
/// yet.
#[test]
fn a_shutdown_is_complete_only_where_all_was_delivered() {
    check(|| {
        let core = core(AMPLE);
        let run = begin(&core, "job").unwrap();
        let leaver = Arc::clone(&core.queue);
        let leaver = spawn(move || {
            leaver.close();
            leaver.abandon(|_| false);
            Report::last(leaver.counters.stats())
        });
        let pushed = emit(&run, 1);
        let report = leaver.join().unwrap();
        assert!(!report.complete, "{pushed:?}, {report:?}");
        assert_eq!(core.queue.counters.stats().pending, 0);
    });
}

#[test]
fn who_waits_for_an_event_is_told_while_a_shutdown_has_time() {
    check_at_work(|| told(LONG));
}

#[test]
fn who_waits_for_an_event_is_told_while_a_shutdown_has_none() {
    check_at_work(|| told(Duration::ZERO));
}

fn told(timeout: Duration) {
    let (publisher, worker) = publisher(AMPLE);
    let worker = at_work(worker);
    let callers = ["row_1", "row_2"].map(|row| {
        let publisher = publisher.clone();
        let caller = spawn(move || {
            let event = serde_json::json!({ "event_type": row });
            block_on(publisher.publish_event("job", &event))
        });
        (row, caller)
    });
    let _ = block_on(publisher.shutdown(timeout));
    worker.join().unwrap();
    let mut delivered = 0;
    for (row, caller) in callers {
        let told = caller.join().unwrap();
        let is_there = count(&history(&publisher.reader()), row) == 1;
        match &told {
            Ok(_) => assert!(is_there),
            Err(error) if error.kind() == ErrorKind::Closed => assert!(!is_there),
            Err(error) => assert!(error.may_still_arrive() && timeout.is_zero(), "{error}"),
        }
        delivered += u64::from(told.is_ok());
    }
    let stats = publisher.stats();
    assert_eq!((stats.pending, stats.delivered), (0, delivered));
}

/// The worker holds no handle, and what waits does: it goes when all is delivered.
#[test]
fn what_the_last_handles_leave_is_delivered() {
    check_at_work(|| {
        let (publisher, worker) = publisher(AMPLE);
        let reader = publisher.reader();
        let worker = at_work(worker);
        let job = publisher.job("job", "t").unwrap();
        let other = job.clone();
        let threads = [
            spawn(move || job.completed(&())),
            spawn(move || drop(other)),
            spawn(move || drop(publisher)),
        ];
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        worker.join().unwrap();
        let events = history(&reader);
        are_whole(&events);
        assert_eq!(*events[1].event_type(), EventType::TaskCompleted);
    });
}

#[test]
fn a_run_ends_once_however_many_end_it() {
    check_at_work(|| {
        let (publisher, worker) = publisher(AMPLE);
        let worker = at_work(worker);
        let job = publisher.job("job", "t").unwrap();
        let ends = [false, true].map(|fails| {
            let job = job.clone();
            spawn(move || {
                if fails {
                    job.failed("no");
                } else {
                    job.completed(&());
                }
            })
        });
        drop(job);
        ends.into_iter().for_each(|end| end.join().unwrap());
        let report = block_on(publisher.flush(LONG));
        assert_eq!(report.stats.dropped.after_end, 1, "{report:?}");
        are_whole(&history(&publisher.reader()));
        drop(publisher);
        worker.join().unwrap();
    });
}
