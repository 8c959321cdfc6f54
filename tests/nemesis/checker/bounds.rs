//! Invariants 7, 8 and 9: calls that emit do not wait, memory is bounded, and so is connecting.

use super::ledger::Ledger;
use super::{Invariant, Violation};
use crate::evidence::{Evidence, Life};
use crate::history::What;

/// A call that waited for the store, for a connection or for an answer, would take as long as an
/// outage, up to 7 s; one whose thread was not run for a while on a busy machine, where 0.3 s were seen,
/// takes less than this.
const LONGEST_CALL: u64 = 1_000_000;
/// So many calls, of which one may be slow: what every call might suffer would show.
const CALLS_PER_SLOW: u64 = 200;
/// A few may be slow however few calls there were.
const FREE: u64 = 20;

pub(super) fn check(ledger: &Ledger<'_>) -> Vec<Violation> {
    let evidence = ledger.evidence;
    let mut violations = slow(evidence);
    for life in &evidence.lives {
        let (_, memory) = measured(life);
        if memory > evidence.most_memory {
            let what = format!("{memory} KiB of memory");
            violations.push(Violation::new(Invariant::Memory, &life.name, what));
        }
    }
    for wire in evidence
        .wires
        .iter()
        .filter(|wire| wire.connections > wire.allowed)
    {
        let place = format!("producer {}", wire.producer);
        let what = format!("{} connections, {} allowed", wire.connections, wire.allowed);
        violations.push(Violation::new(Invariant::Backoff, place, what));
    }
    violations
}

/// The longest of each process, and how many there were of all.
fn slow(evidence: &Evidence) -> Vec<Violation> {
    let (mut violations, mut count, mut calls) = (Vec::new(), 0, 0);
    for life in &evidence.lives {
        let slow = waited(life, &evidence.stalls);
        if let Some(longest) = slow.iter().max().filter(|micros| **micros > LONGEST_CALL) {
            let what = format!("a call took {longest} µs");
            violations.push(Violation::new(Invariant::Prompt, &life.name, what));
        }
        count += slow.len() as u64;
        calls += measured(life).0;
    }
    if count > FREE + calls / CALLS_PER_SLOW {
        let what = format!("{count} of {calls} calls were slow");
        violations.push(Violation::new(Invariant::Prompt, "all", what));
    }
    violations
}

/// How long calls took that were slow, in µs, without the time in which the process stood still, or the
/// machine.
fn waited(life: &Life, stalls: &[(u64, u64)]) -> Vec<u64> {
    let slow = life.lines.iter().filter_map(|line| match line.what {
        What::Slow { micros } => Some((line.at.saturating_sub(micros / 1000), line.at, micros)),
        _ => None,
    });
    let waited = slow.map(|(from, to, micros)| {
        let still = life.stops.iter().chain(stalls);
        let together = still.map(|(stop, cont)| {
            let (stop, cont) = (stop.saturating_sub(AROUND), cont + AROUND);
            cont.min(to + AROUND)
                .saturating_sub(stop.max(from.saturating_sub(AROUND)))
        });
        micros.saturating_sub(1000 * together.sum::<u64>())
    });
    waited.filter(|micros| *micros > 0).collect()
}

/// How many calls there were, and the most memory.
fn measured(life: &Life) -> (u64, u64) {
    let last = life.lines.iter().rev().find_map(|line| match &line.what {
        What::Measured { calls, memory } => Some((calls.iter().sum(), *memory)),
        _ => None,
    });
    last.unwrap_or_default()
}

/// Clocks are not read at the very moment, in ms.
const AROUND: u64 = 50;

#[cfg(test)]
mod tests {
    use super::super::{broken, example, violations};
    use super::*;
    use crate::evidence::Wire;

    #[test]
    fn a_call_that_waits_is_found_unless_its_process_stood_still() {
        let mut evidence = example::good();
        example::says(&mut evidence, 5000, What::Slow { micros: 1_200_000 });
        assert_eq!(broken(&violations(&evidence)), [Invariant::Prompt].into());
        let mut frozen = evidence.clone();
        frozen.lives[0].stops.push((3850, 4950));
        assert_eq!(violations(&frozen), []);
        evidence.stalls.push((4900, 4950));
        assert_eq!(broken(&violations(&evidence)), [Invariant::Prompt].into());
        evidence.stalls.push((3900, 4700));
        assert_eq!(violations(&evidence), []);
    }

    #[test]
    fn too_many_slow_calls_are_found() {
        let mut evidence = example::good();
        (0..=FREE).for_each(|_| example::says(&mut evidence, 5000, What::Slow { micros: 6000 }));
        assert_eq!(broken(&violations(&evidence)), [Invariant::Prompt].into());
        let (calls, memory) = (vec![0, 200], 1);
        example::says(&mut evidence, 5000, What::Measured { calls, memory });
        assert_eq!(violations(&evidence), []);
    }

    #[test]
    fn too_much_memory_is_found() {
        let mut evidence = example::good();
        let (calls, memory) = (Vec::new(), evidence.most_memory + 1);
        example::says(&mut evidence, 5000, What::Measured { calls, memory });
        assert_eq!(broken(&violations(&evidence)), [Invariant::Memory].into());
    }

    #[test]
    fn connecting_more_often_than_allowed_is_found() {
        let mut evidence = example::good();
        let wire = |connections| Wire {
            producer: 0,
            connections,
            allowed: 3,
        };
        evidence.wires.push(wire(3));
        assert_eq!(violations(&evidence), []);
        evidence.wires.push(wire(4));
        assert_eq!(broken(&violations(&evidence)), [Invariant::Backoff].into());
    }
}
