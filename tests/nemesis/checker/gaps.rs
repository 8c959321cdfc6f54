//! Invariant 4: what a reader did not see, it was told of; and nothing else.

use std::collections::{HashMap, HashSet};

use super::ledger::Ledger;
use super::{Invariant, Violation};
use crate::evidence::{Found, Seen, View};

pub(super) fn check(ledger: &Ledger<'_>) -> Vec<Violation> {
    let views = ledger.evidence.views.iter();
    let may_be_gone = !ledger.evidence.losses.is_empty();
    let mut violations: Vec<_> = views
        .clone()
        .flat_map(|view| silent(view, may_be_gone))
        .chain(views.flat_map(|view| unseen(ledger, view)))
        .collect();
    violations.extend(undropped(ledger));
    violations
}

/// Between two events of a run there is a gap of just as many as are missing. Where a watch begins after
/// an event that may be gone, it does not know which was the last of a run.
fn silent(view: &View, may_be_gone: bool) -> Vec<Violation> {
    let mut next: HashMap<&str, u64> = HashMap::new();
    let mut knows_all = true;
    let mut violations = Vec::new();
    for seen in &view.seen {
        let (run, first, count) = match seen {
            Seen::Event(event) => match event.seq {
                Some(seq) => (&event.run, seq, 1),
                None => continue,
            },
            Seen::Gap { run, first, count } => (run, *first, *count),
            Seen::Again => {
                if may_be_gone {
                    next.clear();
                    knows_all = false;
                }
                continue;
            }
        };
        let expected = next.entry(run).or_insert(if knows_all { 0 } else { first });
        if first > *expected {
            let place = format!("run {run} of {}", view.job);
            let what = format!(
                "seqs {expected} to {} are missing without a word",
                first - 1
            );
            violations.push(Violation::new(Invariant::Gaps, place, what));
        } else if first < *expected && matches!(seen, Seen::Gap { .. }) {
            let place = format!("run {run} of {}", view.job);
            let what = format!("seq {first} is said to be missing, and was there");
            violations.push(Violation::new(Invariant::Gaps, place, what));
        }
        *expected = (*expected).max(first + count);
    }
    violations
}

/// A reader sees all that stands on the stream up to where it is. Where it had been further, at an event
/// that the store has lost, it does not go back for what comes again.
fn unseen(ledger: &Ledger<'_>, view: &View) -> Vec<Violation> {
    let events = view.events();
    let seen: HashSet<_> = events
        .clone()
        .map(|event| (&event.run, event.seq))
        .collect();
    let stream = ledger.evidence.streams.get(&view.job);
    let there = stream.into_iter().flatten();
    let ids: HashSet<_> = there.clone().map(|event| event.id).collect();
    let gone = events.clone().filter(|event| !ids.contains(&event.id));
    let from = gone
        .map(|event| event.id)
        .max()
        .filter(|_| !ledger.evidence.losses.is_empty());
    let upto = events.map(|event| event.id).max();
    let passed = there.filter(|event| view.is_whole || Some(event.id) <= upto);
    // What others declare on the new master while the reader is still on the old one, and further on.
    let may_be_passed = |event: &Found| {
        let mut losses = ledger.evidence.losses.iter();
        event.seq.is_none() && losses.any(|(from, back)| (from..=back).contains(&&event.id.ms()))
    };
    let unseen = passed.filter(|event| {
        let is_seen = seen.contains(&(&event.run, event.seq));
        !is_seen && Some(event.id) > from && !may_be_passed(event)
    });
    let mut violations: Vec<_> = unseen
        .map(|event| {
            let place = format!("run {} of {}", event.run, view.job);
            let what = format!("{} at {} was never seen", event.kind, event.id);
            Violation::new(Invariant::Gaps, place, what)
        })
        .collect();
    if !view.is_whole {
        let what = format!("a reader stands still behind {upto:?}");
        violations.push(Violation::new(Invariant::Gaps, &view.job, what));
    }
    violations
}

/// Where a process dropped nothing, nothing is missing between what it delivered.
fn undropped(ledger: &Ledger<'_>) -> Vec<Violation> {
    let lives = ledger.evidence.lives.iter();
    let sure = lives.filter(|life| life.is_clean() && !ledger.evidence.may_be_lost(life));
    let holes = sure.filter_map(|life| {
        let holes: u64 = ledger
            .of(life)
            .filter_map(|run| {
                let seqs = run.found.iter().filter_map(|event| event.seq);
                let (count, last) = (seqs.clone().count() as u64, seqs.max()?);
                Some((last + 1).saturating_sub(count))
            })
            .sum();
        let counts = super::counts::last(life)?;
        let dropped = counts.dropped + counts.rejected;
        let what = format!("{holes} seqs are missing, {dropped} events were dropped");
        (holes > dropped).then(|| Violation::new(Invariant::Gaps, &life.name, what))
    });
    holes.collect()
}

#[cfg(test)]
mod tests {
    use super::super::{broken, example, violations};
    use super::*;
    use crate::evidence::Evidence;

    #[test]
    fn a_hole_that_is_not_named_is_found() {
        let mut evidence = example::good();
        evidence.views[0].seen.remove(1);
        let found = violations(&evidence);
        assert_eq!(found[0].what, "seqs 1 to 1 are missing without a word");
        assert!(found[1].what.ends_with("was never seen"), "{}", found[1]);
        assert_eq!(broken(&found), [Invariant::Gaps].into());
    }

    #[test]
    fn a_hole_that_is_named_is_none_where_the_event_was_dropped() {
        let mut evidence = example::good();
        example::drop_row(&mut evidence);
        assert_eq!(violations(&evidence), []);
        example::counts(&mut evidence).dropped = 0;
        example::counts(&mut evidence).coalesced = 1;
        assert!(broken(&violations(&evidence)).contains(&Invariant::Gaps));
    }

    #[test]
    fn a_watch_behind_an_event_that_is_gone_cannot_know_what_was_before() {
        let mut evidence = example::good();
        example::drop_row(&mut evidence);
        evidence.views[0].seen[1] = Seen::Again;
        assert_eq!(broken(&violations(&evidence)), [Invariant::Gaps].into());
        evidence.losses.push((1, 2));
        assert_eq!(violations(&evidence), []);
    }

    #[test]
    fn a_gap_where_there_is_none_is_found() {
        let mut evidence = example::good();
        let run = "run_a".to_owned();
        let gap = Seen::Gap {
            run,
            first: 1,
            count: 1,
        };
        evidence.views[0].seen.insert(2, gap);
        assert_eq!(broken(&violations(&evidence)), [Invariant::Gaps].into());
    }

    #[test]
    fn a_reader_does_not_go_back_behind_what_the_store_has_lost() {
        let mut evidence = example::good();
        example::lost_and_back(&mut evidence);
        // It was seen before what stands before it came again.
        evidence.streams.get_mut("job_a").unwrap().remove(2);
        evidence.views[0].seen.drain(..2);
        evidence.views[0].seen.insert(1, Seen::Again);
        let found = violations(&evidence);
        assert!(
            found
                .iter()
                .any(|found| found.what.ends_with("was never seen"))
        );
        evidence.losses.push((1, 2));
        let found = violations(&evidence);
        assert!(
            !found
                .iter()
                .any(|found| found.what.ends_with("was never seen"))
        );
    }

    #[test]
    fn what_others_declare_where_the_reader_is_not_yet_may_be_passed() {
        let mut evidence = example::good();
        evidence.streams.get_mut("job_a").unwrap()[2].seq = None;
        evidence.views[0].seen.remove(2);
        let is_missed = |evidence: &Evidence| {
            let found = violations(evidence);
            found.iter().any(|it| it.what.ends_with("was never seen"))
        };
        let at = evidence.streams["job_a"][2].id.ms();
        for (losses, is_found) in [(at + 1..at + 9, true), (at - 1..at + 9, false)] {
            evidence.losses = vec![(losses.start, losses.end)];
            assert_eq!(is_missed(&evidence), is_found, "{losses:?}");
        }
    }

    #[test]
    fn a_reader_that_stands_still_is_found() {
        let mut evidence = example::good();
        evidence.views[0].seen.pop();
        evidence.views[0].is_whole = false;
        assert_eq!(broken(&violations(&evidence)), [Invariant::Gaps].into());
    }
}
