//! Handles of a publisher against its own worker: flushes, and all that a shutdown meets.

use std::sync::Arc;
use std::time::Duration;

use shuttle::future::block_on;
use shuttle::thread::{JoinHandle, spawn};

use super::check;
use super::script::{AMPLE, add_up, begin, core, emit, publisher};
use crate::event::EventType;
use crate::worker::Worker;
use crate::{ErrorKind, Event, Fields, Reader, Report};

/// No timer fires: what is not done without one never is.
const LONG: Duration = Duration::from_secs(3600);

fn at_work(worker: Worker) -> JoinHandle<()> {
    spawn(move || block_on(worker.work()))
}

fn history(reader: &Reader, job: &str) -> Vec<Event> {
    let mut history = reader.history(job).unwrap();
    let mut events = Vec::new();
    while let Some(event) = block_on(history.next()) {
        events.push(event.unwrap());
    }
    events
}

fn types(events: &[Event]) -> Vec<String> {
    let types = events.iter().map(|event| event.event_type().to_string());
    types.collect()
}

/// Of one run that was there: it begins and ends, and its seqs have no hole but what was dropped.
fn is_whole(events: &[Event]) {
    let types = types(events);
    if types.is_empty() {
        return;
    }
    assert_eq!(types[0], "task_started", "{types:?}");
    let is_end = |event: &&Event| event.is_terminal();
    assert_eq!(events.iter().filter(is_end).count(), 1, "{types:?}");
    assert!(events.last().unwrap().is_terminal(), "{types:?}");
}

#[test]
fn a_flush_ends_when_all_before_it_is_delivered() {
    check(|| {
        let (publisher, worker) = publisher(AMPLE);
        let worker = at_work(worker);
        let jobs = [1, 2].map(|rows| {
            let publisher = publisher.clone();
            spawn(move || {
                let job = publisher.job(format!("job_{rows}"), "t").unwrap();
                (0..rows).for_each(|_| job.emit("row", Fields::new()));
                let report = block_on(publisher.flush(LONG));
                assert!(report.complete);
                add_up(report.stats);
                let events = history(&publisher.reader(), &format!("job_{rows}"));
                assert_eq!(events.len(), 1 + rows);
            })
        });
        jobs.into_iter().for_each(|job| job.join().unwrap());
        drop(publisher);
        worker.join().unwrap();
    });
}

#[test]
fn a_run_beside_a_shutdown_has_its_start_and_its_end_or_neither() {
    check(|| {
        let (publisher, worker) = publisher(AMPLE);
        let worker = at_work(worker);
        let jobs = [false, true].map(|completes| {
            let publisher = publisher.clone();
            spawn(move || {
                let Ok(job) = publisher.job(format!("job_{completes}"), "t") else {
                    return;
                };
                job.emit("row", Fields::new());
                if completes {
                    job.completed(&());
                }
            })
        });
        let report = block_on(publisher.shutdown(LONG));
        add_up(report.stats);
        worker.join().unwrap();
        jobs.into_iter().for_each(|job| job.join().unwrap());
        for job in ["job_true", "job_false"] {
            is_whole(&history(&publisher.reader(), job));
        }
        let stats = publisher.stats();
        assert_eq!(stats.pending, 0, "{stats:?}");
    });
}

#[test]
fn a_run_beside_two_shutdowns_has_its_start_and_its_end() {
    check(|| {
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
        let events = history(&publisher.reader(), "job");
        assert!(!events.is_empty());
        is_whole(&events);
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
    check(|| told(LONG));
}

#[test]
fn who_waits_for_an_event_is_told_while_a_shutdown_has_none() {
    check(|| told(Duration::ZERO));
}

fn told(timeout: Duration) {
    let (publisher, worker) = publisher(AMPLE);
    let worker = at_work(worker);
    let callers = ["job_1", "job_2"].map(|job| {
        let publisher = publisher.clone();
        let caller = spawn(move || {
            let event = serde_json::json!({ "event_type": "row" });
            block_on(publisher.publish_event(job, &event))
        });
        (job, caller)
    });
    let _ = block_on(publisher.shutdown(timeout));
    worker.join().unwrap();
    let mut delivered = 0;
    for (job, caller) in callers {
        let told = caller.join().unwrap();
        let is_there = !history(&publisher.reader(), job).is_empty();
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
    check(|| {
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
        let events = history(&reader, "job");
        is_whole(&events);
        assert_eq!(*events[1].event_type(), EventType::TaskCompleted);
    });
}

#[test]
fn a_run_ends_once_however_many_end_it() {
    check(|| {
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
        is_whole(&history(&publisher.reader(), "job"));
        drop(publisher);
        worker.join().unwrap();
    });
}
