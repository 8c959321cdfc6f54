//! Invariant 6: what is there was emitted, or declared of a run that was lost.

use std::collections::HashSet;

use super::ledger::{Ledger, OCCUPIED, Run};
use super::{Invariant, Violation};
use crate::evidence::Found;

pub(super) fn check(ledger: &Ledger<'_>) -> Vec<Violation> {
    // The start says whose run it is: without it, an end that comes from the disk says not.
    let may_lack_starts = !ledger.evidence.losses.is_empty();
    let strays = ledger.strays.iter();
    let strays = strays.filter(|(_, event)| !(may_lack_starts && event.is_own() && event.is_end()));
    let strays = strays.map(|(job, event)| {
        let place = format!("run {} of {job}", event.run);
        Violation::new(Invariant::Origin, place, what(event))
    });
    strays
        .chain(
            ledger
                .runs
                .values()
                .flat_map(|run| never_emitted(ledger, run)),
        )
        .collect()
}

/// A store that keeps nothing on disk may also lose that a run was declared lost.
fn never_emitted(ledger: &Ledger<'_>, run: &Run<'_>) -> Vec<Violation> {
    let emitted: HashSet<_> = run
        .emitted
        .iter()
        .map(|mark| (&*mark.kind, mark.index))
        .collect();
    let kinds: HashSet<_> = run.emitted.iter().map(|mark| &*mark.kind).collect();
    let mut was_lost = !ledger.evidence.losses.is_empty();
    let unknown = run.found.iter().filter(|event| {
        let is_known = match event.index {
            _ if run.job.starts_with(OCCUPIED) => false,
            _ if !event.is_own() => {
                was_lost |= event.is_end();
                event.is_end()
            }
            _ if event.kind == "task_resumed" => was_lost,
            Some(index) => emitted.contains(&(&*event.kind, index)),
            None if event.kind == "task_progress" => event.is_cut,
            None => {
                kinds.contains(&*event.kind) && (event.is_end() || event.kind == "task_started")
            }
        };
        !is_known
    });
    let place = format!("{} of {}", run.token, run.job);
    unknown
        .map(|event| Violation::new(Invariant::Origin, &place, what(event)))
        .collect()
}

fn what(event: &Found) -> String {
    format!("{} at {} was never emitted", event.kind, event.id)
}

#[cfg(test)]
mod tests {
    use super::super::{broken, example, violations};
    use super::*;

    #[test]
    fn an_event_that_nobody_emitted_is_found() {
        let mut evidence = example::good();
        let stream = evidence.streams.get_mut("job_a").unwrap();
        stream[2].kind = "another".to_owned();
        assert!(broken(&violations(&evidence)).contains(&Invariant::Origin));
    }

    #[test]
    fn a_run_that_nobody_began_is_found() {
        let mut evidence = example::good();
        let stray = Found {
            run: "another".to_owned(),
            token: None,
            seq: None,
            ..evidence.streams["job_a"][0].clone()
        };
        evidence.streams.insert("job_b".to_owned(), vec![stray]);
        assert_eq!(broken(&violations(&evidence)), [Invariant::Origin].into());
    }

    #[test]
    fn nobody_goes_on_who_was_never_lost() {
        let mut evidence = example::good();
        example::lost_and_back(&mut evidence);
        let stream = evidence.streams.get_mut("job_a").unwrap();
        stream.retain(Found::is_own);
        assert!(broken(&violations(&evidence)).contains(&Invariant::Origin));
    }
}
