//! Invariant 10: each event is counted once, and at the end nothing is pending.

use std::collections::{BTreeMap, HashMap};

use super::ledger::{Ledger, Run};
use super::{Invariant, Violation};
use crate::evidence::{Found, Life};
use crate::history::{Counts, What};

pub(super) fn check(ledger: &Ledger<'_>) -> Vec<Violation> {
    let lives = ledger.evidence.lives.iter();
    let wrong = lives.flat_map(|life| {
        let mut wrong = reports(life);
        if life.is_clean() {
            wrong.extend(at_the_end(ledger, life));
        }
        let violation = |what| Violation::new(Invariant::Counts, &life.name, what);
        wrong.into_iter().map(violation).collect::<Vec<_>>()
    });
    wrong.collect()
}

/// What a process said last.
pub(crate) fn last(life: &Life) -> Option<&Counts> {
    life.lines.iter().rev().find_map(|line| match &line.what {
        What::Flushed { counts, .. } => Some(counts),
        _ => None,
    })
}

/// Each report adds up, has all that had been handed over when it was asked for, and counts on from
/// where the one before was.
fn reports(life: &Life) -> Vec<String> {
    let mut wrong = Vec::new();
    let (mut emitted, mut of_run) = (0, HashMap::<&str, u64>::new());
    let (mut done, mut under_way) = (0, HashMap::new());
    for line in &life.lines {
        match &line.what {
            What::Emits { mark, .. } => *of_run.entry(&mark.token).or_default() += 1,
            What::Done { token } => done += of_run.remove(&**token).unwrap_or_default(),
            What::Flushes { number, token } => {
                let part = token.as_ref().and_then(|token| of_run.get(&**token));
                under_way.insert(*number, done + part.copied().unwrap_or_default());
            }
            What::Flushed { number, counts } => {
                let settled =
                    counts.delivered + counts.coalesced + counts.rejected + counts.dropped;
                if counts.emitted != settled + counts.pending {
                    wrong.push(format!("{counts:?} does not add up"));
                }
                let before = under_way.remove(number).unwrap_or_default();
                if counts.emitted < before {
                    let counted = counts.emitted;
                    wrong.push(format!("{before} events handed over, {counted} counted"));
                }
                emitted = counts.emitted.max(emitted);
            }
            _ => {}
        }
    }
    wrong
}

/// All that was ever emitted, and what the process said of its own accord: that a run goes on.
fn at_the_end(ledger: &Ledger<'_>, life: &Life) -> Vec<String> {
    let Some(counts) = last(life) else {
        return vec!["no report".to_owned()];
    };
    let mut wrong = Vec::new();
    if !counts.complete || counts.pending > 0 {
        wrong.push(format!("{counts:?} at the end"));
    }
    if ledger.evidence.may_be_lost(life) {
        return wrong;
    }
    let runs = || ledger.of(life);
    let emitted: u64 = runs().map(|run| run.emitted.len() as u64).sum();
    let of_kind = |is_it: fn(&Found) -> bool| {
        let found = runs().flat_map(|run| &run.found);
        found.filter(|event| is_it(event)).count() as u64
    };
    let resumed = of_kind(|event| event.kind == "task_resumed");
    let most = match counts.dropped {
        0 => resumed,
        // It may be what was dropped, each time that it was tried again: that another event of the run
        // takes the declaration back will do.
        _ if ledger.evidence.losses.is_empty() => resumed + counts.dropped,
        _ => u64::MAX - emitted,
    };
    if !(emitted + resumed..=emitted + most).contains(&counts.emitted) {
        let counted = counts.emitted;
        wrong.push(format!(
            "{emitted} events emitted and {resumed} runs resumed, {counted} counted"
        ));
    }
    // What is there twice is not for this to find.
    let own = |run: &Run<'_>| {
        let own = run
            .found
            .iter()
            .filter_map(|event| Some((event.seq?, event.coalesced)));
        own.collect::<BTreeMap<_, _>>().into_values()
    };
    let found: Vec<u64> = runs().flat_map(own).collect();
    let there = found.len() as u64;
    if counts.delivered < there {
        let delivered = counts.delivered;
        wrong.push(format!("{delivered} delivered, {there} there"));
    }
    let coalesced: u64 = found.iter().sum();
    // One that stands for others may itself be dropped, or refused.
    let may_lack = counts.dropped + counts.rejected > 0;
    if coalesced > counts.coalesced || (!may_lack && coalesced != counts.coalesced) {
        let counted = counts.coalesced;
        wrong.push(format!(
            "{coalesced} said to be coalesced, {counted} counted"
        ));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::super::{broken, example, violations};
    use super::*;

    fn wrong(change: impl FnOnce(&mut Counts)) -> Vec<String> {
        let mut evidence = example::good();
        change(example::counts(&mut evidence));
        let found = violations(&evidence);
        assert!(broken(&found).contains(&Invariant::Counts), "{found:?}");
        found.into_iter().map(|violation| violation.what).collect()
    }

    #[test]
    fn a_report_that_does_not_add_up_is_found() {
        let wrong = wrong(|counts| counts.pending = 1);
        assert!(wrong[0].ends_with("does not add up"), "{wrong:?}");
    }

    #[test]
    fn an_event_that_is_not_counted_is_found() {
        let wrong = wrong(|counts| (counts.emitted, counts.delivered) = (3, 3));
        assert!(wrong.contains(&"4 events handed over, 3 counted".to_owned()));
        assert!(wrong.contains(&"3 delivered, 4 there".to_owned()));
    }

    #[test]
    fn that_a_run_goes_on_is_an_event_that_may_be_dropped() {
        let mut evidence = example::good();
        example::lost_and_back(&mut evidence);
        let counts = example::counts(&mut evidence);
        (counts.emitted, counts.delivered, counts.dropped) = (7, 6, 1);
        let text = "4 events emitted and 1 runs resumed, 7 counted";
        let found = violations(&evidence);
        assert!(found.iter().any(|violation| violation.what == text));
        // The first try found no room.
        let counts = example::counts(&mut evidence);
        (counts.emitted, counts.delivered) = (6, 5);
        assert_eq!(violations(&evidence), []);
        example::drop_resumed(&mut evidence);
        assert_eq!(violations(&evidence), []);
    }

    #[test]
    fn what_is_pending_at_the_end_is_found() {
        let wrong = wrong(|counts| (counts.delivered, counts.pending) = (3, 1));
        assert!(wrong.iter().any(|what| what.ends_with("at the end")));
    }

    #[test]
    fn what_events_say_to_stand_for_is_what_was_coalesced() {
        let wrong = wrong(|counts| (counts.emitted, counts.coalesced) = (5, 1));
        assert!(wrong.contains(&"0 said to be coalesced, 1 counted".to_owned()));
    }
}
