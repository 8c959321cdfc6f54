//! Invariant 1: what was acknowledged is there.

use std::collections::HashSet;

use super::ledger::{Ledger, OCCUPIED, Run};
use super::{Invariant, Violation};
use crate::history::Mark;

pub(super) fn check(ledger: &Ledger<'_>) -> Vec<Violation> {
    let runs = ledger
        .runs
        .values()
        .filter(|run| !run.job.starts_with(OCCUPIED) && !ledger.evidence.may_be_lost(run.life));
    let missing = runs.flat_map(missing);
    missing.chain(counted(ledger)).collect()
}

fn missing<'a>(run: &'a Run<'_>) -> impl Iterator<Item = Violation> + use<'a> {
    let domain: HashSet<_> = run.found.iter().filter_map(|event| event.index).collect();
    let own = run.found.iter().filter(|event| event.is_own());
    let kinds: HashSet<_> = own.map(|event| &*event.kind).collect();
    let is_there = move |mark: &Mark| {
        if mark.index == 0 || mark.is_end() {
            kinds.contains(&*mark.kind)
        } else {
            domain.contains(&mark.index)
        }
    };
    let missing = run.acked.iter().filter(move |mark| !is_there(mark));
    missing.map(|Mark { kind, index, .. }| {
        let place = format!("{} of {}", run.token, run.job);
        let what = format!("{kind} {index} was acknowledged and is not there");
        Violation::new(Invariant::Acked, place, what)
    })
}

/// What a process says to have delivered is as much as stands there.
fn counted(ledger: &Ledger<'_>) -> Vec<Violation> {
    let lives = ledger.evidence.lives.iter();
    let sure = lives.filter(|life| life.is_clean() && !ledger.evidence.may_be_lost(life));
    let less = sure.filter_map(|life| {
        let counts = super::counts::last(life)?;
        let found = ledger.of(life).flat_map(|run| &run.found);
        let there = found.filter(|event| event.is_own()).count() as u64;
        let what = format!("{} delivered, {there} there", counts.delivered);
        (counts.delivered > there).then(|| Violation::new(Invariant::Acked, &life.name, what))
    });
    less.collect()
}

#[cfg(test)]
mod tests {
    use super::super::{broken, example, violations};
    use super::*;
    use crate::evidence::Found;

    #[test]
    fn an_event_that_was_acknowledged_and_is_gone_is_missed() {
        let mut evidence = example::good();
        let gone = evidence.streams.get_mut("job_a").unwrap().remove(1);
        assert_eq!(gone.kind, "row");
        let found = violations(&evidence);
        let text = "row 1 was acknowledged and is not there";
        assert!(found.iter().any(|violation| violation.what == text));
        assert!(broken(&found).contains(&Invariant::Acked));
    }

    #[test]
    fn a_store_without_a_disk_may_lose_what_nobody_holds_any_more() {
        let mut evidence = example::good();
        evidence.streams.clear();
        evidence.views.clear();
        let last = evidence.lives[0].ended;
        assert_eq!(broken(&violations(&evidence)), [Invariant::Acked].into());
        evidence.losses.push((last + 1, last + 2));
        assert_eq!(violations(&evidence), []);
    }

    /// It goes above that.
    #[test]
    fn what_a_store_lost_is_missed_also_where_others_have_written_since() {
        let mut evidence = example::good();
        let stream = evidence.streams.get_mut("job_a").unwrap();
        let lost = Found {
            run: "another".to_owned(),
            seq: None,
            token: None,
            kind: "task_failed".to_owned(),
            ..stream[0].clone()
        };
        *stream = vec![lost];
        evidence.losses.push((1, 2));
        assert!(broken(&violations(&evidence)).contains(&Invariant::Acked));
    }

    #[test]
    fn fewer_events_than_are_said_to_be_delivered_are_missed() {
        let mut evidence = example::good();
        example::counts(&mut evidence).delivered += 1;
        example::counts(&mut evidence).pending = 0;
        assert!(broken(&violations(&evidence)).contains(&Invariant::Acked));
    }
}
