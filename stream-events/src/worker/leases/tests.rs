//! Leases that are to be given up while connections are lost, or taken anew.

mod shards;

use std::sync::mpsc;
use std::time::Duration;

use super::*;
use crate::job::{JobId, Plan, Run};
use crate::publisher::Core;
use crate::queue::Taken;
use crate::stats::Report;
use crate::worker::control::{Flushes, Tidied};
use crate::{EventId, Fields, Publisher};

struct Bench {
    core: Arc<Core>,
    leases: Leases,
    teller: Teller,
    flushes: Flushes,
}

impl Bench {
    /// With the store's clock known.
    fn new(name: &str) -> Self {
        let core = Publisher::builder()
            .url(format!("memory:{name}"))
            .unattended();
        let mut bench = Self {
            leases: Leases::new(&core.settings, core.store.shards()),
            teller: Teller::new(core.store.shown()),
            flushes: Flushes::default(),
            core,
        };
        let turn = bench.ask();
        bench.answer(turn);
        bench
    }

    fn ask(&mut self) -> Arc<LeaseTurn> {
        match self.leases.next(false, Instant::now()) {
            Some(Ask::Turns(turns)) => turns.into_iter().next().unwrap(),
            _ => panic!("there is nothing to ask for"),
        }
    }

    fn answer(&mut self, turn: Arc<LeaseTurn>) {
        let leased = Leased {
            now: turn.sweep.map(|_| 5_000),
            ..Leased::default()
        };
        self.leases
            .take(Told::Turn(turn, Ok(leased)), &mut self.teller);
    }

    fn run(&self, job: &str) -> Arc<Run> {
        let job = JobId::try_from(job).unwrap();
        Run::begin(&self.core, Plan::new(job, "t"), None).unwrap()
    }

    /// Takes the leases of what has begun.
    fn begin(&mut self) -> Taken {
        let taken = self.core.queue.take(Instant::now()).unwrap();
        self.leases.begin(&taken.events);
        let turn = self.ask();
        self.answer(turn);
        taken
    }

    /// A run whose lease is taken, and whose end is delivered.
    fn ended_run(&mut self, job: &str) {
        let run = self.run(job);
        run.complete(&(), &Fields::new(), None).unwrap();
        let taken = self.begin();
        for draft in &taken.events {
            let outcome = Outcome::Delivered(EventId::new(1, draft.seq));
            self.leases.settle(draft, &outcome);
        }
    }

    fn lose_connection(&mut self) {
        self.leases.connection_lost();
        self.leases.connected();
    }

    /// Someone waits from now on.
    fn flush(&mut self) -> mpsc::Receiver<Report> {
        let (tell, told) = mpsc::channel();
        let until = Instant::now() + Duration::from_secs(3600);
        let done = Box::new(move |report| tell.send(report).unwrap());
        self.flushes.add(Vec::new(), false, until, done);
        self.look();
        told
    }

    fn look(&mut self) {
        let counters = &self.core.queue.counters;
        let (to_end, done) = self.leases.ends();
        let tidied = [Tidied([to_end, 0]), Tidied([done, 0])];
        self.flushes.answer_passed(tidied, true, counters);
    }

    fn is_answered(&mut self, flush: &mpsc::Receiver<Report>) -> bool {
        self.look();
        flush.try_recv().is_ok()
    }

    fn is_tidy(&self) -> bool {
        let (to_end, done) = self.leases.ends();
        to_end == done
    }
}

#[test]
fn who_waits_for_leases_waits_for_no_connection_that_is_lost_and_who_comes_then_does() {
    let mut bench = Bench::new("leases-lost");
    bench.ended_run("job_001");
    let before = bench.flush();
    let on_its_way = bench.ask();
    assert_eq!(on_its_way.ended.len(), 1);
    // One that was not asked for yet.
    bench.ended_run("job_002");
    assert!(!bench.is_answered(&before) && !bench.is_tidy());
    bench.lose_connection();
    assert!(bench.is_answered(&before), "nobody waits for that");
    let after = bench.flush();
    assert!(!bench.is_answered(&after) && !bench.is_tidy());
    let anew = bench.ask();
    assert_eq!(anew.ended.len(), 2);
    assert!(!bench.is_answered(&after) && !bench.is_tidy());
    bench.answer(anew);
    assert!(bench.is_answered(&after) && bench.is_tidy());
}

#[test]
fn what_was_on_its_way_is_asked_for_again_after_each_connection_that_is_lost() {
    let mut bench = Bench::new("leases-lost-twice");
    bench.ended_run("job_001");
    let first = bench.ask();
    bench.lose_connection();
    let second = bench.ask();
    let between = bench.flush();
    bench.lose_connection();
    assert!(bench.is_answered(&between));
    let after = bench.flush();
    let third = bench.ask();
    assert_eq!((&first.ended, &second.ended), (&third.ended, &third.ended));
    assert!(!bench.is_answered(&after) && !bench.is_tidy());
    bench.answer(third);
    assert!(bench.is_answered(&after) && bench.is_tidy());
}

#[test]
fn a_run_that_was_declared_lost_takes_its_lease_anew() {
    let mut bench = Bench::new("leases-anew");
    let run = bench.run("job_001");
    bench.begin();
    bench.lose_connection();
    let renewal = bench.ask();
    let leased = Leased {
        now: Some(5_000),
        lapsed: renewal.renewed.clone(),
        ..Leased::default()
    };
    bench
        .leases
        .take(Told::Turn(renewal, Ok(leased)), &mut bench.teller);
    let Some(Ask::Look(look)) = bench.leases.next(false, Instant::now()) else {
        panic!("it is not looked whether it was");
    };
    bench
        .leases
        .take(Told::Look(look, Ok(true)), &mut bench.teller);
    assert_eq!(bench.ask().begun.len(), 1);
    assert!(!run.is_ending());
}
