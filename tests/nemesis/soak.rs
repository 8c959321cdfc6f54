//! Runs of the nemesis for as long as wanted, what is said of each, and what is left of the faults of
//! one that failed.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use crate::checker::{self, Violation, broken};
use crate::evidence::Evidence;
use crate::history::What;
use crate::run::{self, Disk};
use crate::schedule::{Extent, Fault};

/// One run, all of which is printed. It has to break nothing.
pub(crate) fn soak(test: &'static str, extent: &Extent, disk: Disk, shrinks: bool) {
    let Extent { seed, lasts, .. } = extent;
    println!("seed {seed} for {lasts:?}, disk: {disk:?}");
    let (faults, evidence) = run::run(test, extent, disk);
    faults.iter().for_each(|fault| println!("{fault}"));
    println!("{}", Summary::of(faults.len(), &evidence));
    let violations = checker::violations(&evidence);
    if violations.is_empty() {
        return;
    }
    let (path, shown) = written(&seed.to_string(), &evidence, &violations);
    let left = if shrinks {
        shrink(test, extent, disk, &faults, &violations)
    } else {
        numbers(&faults)
    };
    panic!(
        "{} violations, the evidence is in {}; again by STREAM_EVENTS_SOAK_FAULTS={} tests/soak {} {seed}\n{}",
        violations.len(),
        path,
        left.iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(","),
        lasts.as_secs(),
        shown
    );
}

/// Plays one, and tells what happened.
type Run = fn(&'static str, u64) -> (Vec<String>, Evidence);

/// One run of failovers, all of which is printed. It has to break nothing, and to take what then comes again.
pub(crate) fn soak_failovers(test: &'static str, seed: u64, run: Run) {
    println!("seed {seed} of {test}");
    let (faults, evidence) = run(test, seed);
    faults.iter().for_each(|fault| println!("{fault}"));
    let summary = Summary::of(faults.len(), &evidence);
    println!("{summary}");
    assert!(summary.0["replayed"] > 0, "nothing was sent again");
    let violations = checker::violations(&evidence);
    if !violations.is_empty() {
        let (path, shown) = written(test, &evidence, &violations);
        let count = violations.len();
        panic!("{count}, the evidence is in {path}\n{shown}");
    }
}

/// Where the evidence is, and some of what is wrong.
fn written(name: &str, evidence: &Evidence, violations: &[Violation]) -> (String, String) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("nemesis_{name}_{}.txt", std::process::id()));
    fs::write(&path, format!("{evidence:#?}")).unwrap();
    let shown = violations.iter().take(MOST_SHOWN);
    let shown: Vec<_> = shown.map(ToString::to_string).collect();
    (path.display().to_string(), shown.join("\n"))
}

/// Half of the faults, and half of that, for as long as what was broken still is. Processes keep their
/// own time, so that it may take another try to see it again.
fn shrink(
    test: &'static str,
    extent: &Extent,
    disk: Disk,
    faults: &[Fault],
    violations: &[Violation],
) -> Vec<usize> {
    let mut left = numbers(faults);
    'smaller: while left.len() > 1 {
        let rest = left.split_off(left.len() / 2);
        for half in [left.clone(), rest.clone()] {
            let extent = Extent {
                only: Some(half.clone()),
                ..extent.clone()
            };
            println!("only {half:?}");
            let again = checker::violations(&run::run(test, &extent, disk).1);
            if !broken(&again).is_disjoint(&broken(violations)) {
                left = half;
                continue 'smaller;
            }
        }
        left.extend(rest);
        break;
    }
    left
}

fn numbers(faults: &[Fault]) -> Vec<usize> {
    faults.iter().map(|fault| fault.number).collect()
}

const MOST_SHOWN: usize = 40;

/// What there was, in numbers.
#[derive(Debug, Default)]
struct Summary(BTreeMap<&'static str, u64>);

impl Summary {
    fn of(faults: usize, evidence: &Evidence) -> Self {
        let mut summary = Self::default();
        summary.add("faults", faults);
        summary.add("processes", evidence.lives.len());
        summary.add("streams", evidence.streams.len());
        summary.add("readers", evidence.views.len());
        for event in evidence.streams.values().flatten() {
            summary.add("events", 1);
            summary.add("runs lost", usize::from(!event.is_own()));
            summary.add("runs resumed", usize::from(event.kind == "task_resumed"));
        }
        for wire in &evidence.wires {
            summary.add("connections", wire.connections);
            summary.add("connections allowed", wire.allowed);
        }
        for life in &evidence.lives {
            for line in &life.lines {
                match &line.what {
                    What::Emits { .. } => summary.add("emitted", 1),
                    What::Acked(_) => summary.add("acknowledged by awaiting", 1),
                    What::Slow { micros } => {
                        summary.most("slowest call in µs, frozen or not", *micros)
                    }
                    What::Measured { memory, .. } => summary.most("memory in KiB", *memory),
                    _ => {}
                }
            }
            summary.calls(&life.lines.iter().rev().find_map(|line| match &line.what {
                What::Measured { calls, .. } => Some(calls.clone()),
                _ => None,
            }));
            if let Some(counts) = checker::last_counts(life) {
                summary.add("delivered", counts.delivered as usize);
                summary.add("coalesced", counts.coalesced as usize);
                summary.add("dropped", counts.dropped as usize);
                summary.add("rejected", counts.rejected as usize);
                summary.add("replayed", counts.replayed as usize);
            }
        }
        summary
    }

    /// How many calls were slower than the classes of what is slow begin.
    fn calls(&mut self, calls: &Option<Vec<u64>>) {
        let Some(calls) = calls else { return };
        for (class, count) in calls.iter().enumerate() {
            self.add("calls", *count as usize);
            for (name, from) in [("over 1 ms", 10), ("over 8 ms", 13), ("over 64 ms", 16)] {
                self.add(name, if class > from { *count as usize } else { 0 });
            }
        }
    }

    fn add(&mut self, name: &'static str, count: usize) {
        *self.0.entry(name).or_default() += count as u64;
    }

    fn most(&mut self, name: &'static str, number: u64) {
        let most = self.0.entry(name).or_default();
        *most = number.max(*most);
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = self
            .0
            .iter()
            .map(|(name, number)| format!("{name}: {number}"));
        f.write_str(&numbers.collect::<Vec<_>>().join(", "))
    }
}
