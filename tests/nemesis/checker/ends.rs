//! Invariant 5: a run has one end; one that others declared lost and that lives has its own behind that.

use super::ledger::{Ledger, Run};
use super::{Invariant, Violation};

pub(super) fn check(ledger: &Ledger<'_>) -> Vec<Violation> {
    let runs = ledger.runs.values().filter(|run| !run.found.is_empty());
    let wrong = runs.filter_map(|run| {
        let what = wrong(run).or_else(|| missing(ledger, run))?;
        let place = format!("{} of {}", run.token, run.job);
        Some(Violation::new(Invariant::OneEnd, place, what))
    });
    let leases = ledger.evidence.leases.iter();
    let left = leases.map(|lease| Violation::new(Invariant::OneEnd, lease, "its lease is left"));
    wrong.chain(left).collect()
}

fn wrong(run: &Run<'_>) -> Option<String> {
    let mut last: Option<&str> = None;
    for event in &run.found {
        let (id, kind) = (event.id, &event.kind);
        match last {
            Some("end") => return Some(format!("{kind} at {id} comes after its end")),
            Some("lost") if !event.is_own() => return Some(format!("lost again at {id}")),
            _ => {}
        }
        last = match (event.is_end(), event.is_own()) {
            (true, true) => Some("end"),
            (true, false) => Some("lost"),
            (false, _) => None,
        };
    }
    None
}

/// A process that came to its end has ended its runs. Of another, those that an awaiting method began
/// have no lease, and so nobody that ends them.
fn missing(ledger: &Ledger<'_>, run: &Run<'_>) -> Option<String> {
    let last = run.found.last()?;
    let is_clean = run.life.is_clean();
    let is_excused = ledger.evidence.may_be_lost(run.life) || (run.is_awaiting && !is_clean);
    if is_excused || (last.is_end() && (last.is_own() || !is_clean)) {
        return None;
    }
    let how = if is_clean {
        "came to its end"
    } else {
        "is gone"
    };
    Some(format!(
        "no end behind {} at {}, and its process {how}",
        last.kind, last.id
    ))
}

#[cfg(test)]
mod tests {
    use super::super::{broken, example, violations};
    use super::*;

    fn one_end(evidence: &crate::evidence::Evidence) -> Vec<String> {
        let found = violations(evidence);
        let ends = found
            .into_iter()
            .filter(|found| found.invariant == Invariant::OneEnd);
        ends.map(|violation| violation.what).collect()
    }

    #[test]
    fn a_run_without_an_end_is_found() {
        let mut evidence = example::good();
        evidence.streams.get_mut("job_a").unwrap().pop();
        let expected = ["no end behind row at 1-2, and its process came to its end".to_owned()];
        assert_eq!(one_end(&evidence), expected);
    }

    #[test]
    fn a_killed_process_needs_to_be_missed_once() {
        let mut evidence = example::good();
        example::kill(&mut evidence);
        assert_eq!(
            broken(&violations(&evidence)),
            [Invariant::OneEnd].into(),
            "nobody has missed it"
        );
        example::declare_lost(&mut evidence);
        assert_eq!(violations(&evidence), []);
        example::declare_lost(&mut evidence);
        assert_eq!(one_end(&evidence), ["lost again at 1-4"]);
    }

    #[test]
    fn a_lease_that_nobody_gave_up_is_found() {
        let mut evidence = example::good();
        evidence.leases.push("run_a:job_a".to_owned());
        assert_eq!(one_end(&evidence), ["its lease is left"]);
    }

    #[test]
    fn what_comes_after_the_end_is_found() {
        let mut evidence = example::good();
        example::declare_lost(&mut evidence);
        assert_eq!(
            one_end(&evidence),
            ["task_failed at 1-4 comes after its end"]
        );
    }

    #[test]
    fn one_that_was_declared_lost_and_lives_has_its_own_end() {
        let mut evidence = example::good();
        example::lost_and_back(&mut evidence);
        assert_eq!(violations(&evidence), []);
    }
}
