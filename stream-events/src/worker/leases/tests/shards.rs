//! Leases of a store with several shards, each of which has a clock of its own, and may be away.

use super::*;

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
