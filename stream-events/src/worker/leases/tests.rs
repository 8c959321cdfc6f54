//! Leases that are to be given up while connections are lost, or taken anew.

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

/// Of a store with several shards: what is asked of each, by its number.
fn turns(bench: &mut Bench, now: Instant) -> Vec<(usize, Arc<LeaseTurn>)> {
    let Some(Ask::Turns(turns)) = bench.leases.next(false, now) else {
        return Vec::new();
    };
    let number = |turn: &LeaseTurn| {
        let is_of = |shard: &Shard| lease::key("job_events", *shard) == turn.key;
        Shards::OF_CLUSTER.all().find(is_of).unwrap().number()
    };
    let numbered = turns.into_iter().map(|turn| (number(&turn), turn));
    numbered.collect()
}

fn away() -> Result<Leased, Fault> {
    Err(Fault::new(Class::Away, "no answer in time"))
}

#[test]
fn each_shard_has_a_turn_of_its_own_in_one_request_and_a_clock_of_its_own() {
    let core = Publisher::builder().url("memory:sharded_leases");
    let core = core.unattended();
    let shards = core.store.shards();
    let mut bench = Bench {
        leases: Leases::new(&core.settings, shards),
        teller: Teller::new(core.store.shown()),
        flushes: Flushes::default(),
        core,
    };
    let start = Instant::now();
    let first = turns(&mut bench, start);
    assert_eq!(first.len(), shards.count());
    let gone = 5;
    for (number, turn) in first {
        assert!(!bench.leases.are_ready());
        let leased = match number {
            5 => away(),
            // Each has another clock.
            _ => Ok(Leased {
                now: Some(1_000_000 * (number as u64 + 1)),
                ..Leased::default()
            }),
        };
        bench
            .leases
            .take(Told::Turn(turn, leased), &mut bench.teller);
    }
    assert!(bench.leases.are_ready(), "one that is away was heard to be");
    let runs: Vec<_> = (0..100).map(|n| bench.run(&format!("job_{n}"))).collect();
    let taken: Vec<_> = std::iter::from_fn(|| bench.core.queue.take(Instant::now())).collect();
    taken
        .iter()
        .for_each(|taken| bench.leases.begin(&taken.events));
    let mut begun = 0;
    let asked = turns(&mut bench, start);
    for (number, turn) in &asked {
        assert_ne!(*number, gone);
        let until = turn.until.unwrap();
        let expected = 1_000_000 * (*number as u64 + 1);
        assert!((expected..expected + 500_000).contains(&until), "{until}");
        for member in &turn.begun {
            let (_, job) = lease::parse(member).unwrap();
            assert_eq!(shards.of(&job).number(), *number);
            begun += 1;
        }
    }
    let held_up = runs
        .iter()
        .filter(|run| shards.of(&run.job).number() == gone);
    let held_up = held_up.count();
    assert!(held_up > 0);
    assert_eq!((begun + held_up, bench.leases.refused()), (100, 0));
    let going = 6;
    for (number, turn) in asked {
        let leased = match number == going {
            true => away(),
            false => Ok(Leased::default()),
        };
        let told = Told::Turn(turn, leased);
        bench.leases.take(told, &mut bench.teller);
    }
    // Events of others are no reason to ask those again at once.
    assert!(bench.leases.next(true, start).is_none());
    // They take turns from then on, but for those that were away, which come when they have rested.
    let mut seen = std::collections::BTreeMap::new();
    let mut at = start;
    while at < start + Duration::from_secs(20) {
        at = bench
            .leases
            .due(at)
            .unwrap()
            .max(at + Duration::from_millis(1));
        let now = turns(&mut bench, at);
        let others = now.iter().filter(|(it, _)| ![gone, going].contains(it));
        let others = others.count();
        assert!(others <= 1, "{others} at once");
        for (number, turn) in now {
            seen.entry(number).or_insert_with(Vec::new).push(at);
            let leased = match number == gone && seen[&gone].len() == 1 {
                true => away(),
                false => Ok(Leased {
                    now: Some(1_000_000 * (number as u64 + 1)),
                    ..Leased::default()
                }),
            };
            if number == gone && seen[&gone].len() == 3 {
                assert_eq!(turn.renewed.len(), held_up, "its runs have leases now");
            }
            bench
                .leases
                .take(Told::Turn(turn, leased), &mut bench.teller);
        }
    }
    assert_eq!(seen.len(), shards.count());
}
