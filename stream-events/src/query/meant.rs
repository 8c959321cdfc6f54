//! The key that was meant where there is none of its name.

use super::known::{KEYS, Known};

/// The one that is called so elsewhere, or the nearest with a letter or two that differ.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    if let Some(known) = Known::of(&name).or_else(|| elsewhere(&name)) {
        return Some(known.name());
    }
    let near = KEYS.map(|(_, known, ..)| (distance(&name, known), known));
    let (distance, meant) = near.into_iter().min()?;
    // Of a short one, one that differs by two is another word.
    (distance <= meant.len() / 3).then_some(meant)
}

/// By names on the wire, and in other languages of this kind.
fn elsewhere(name: &str) -> Option<Known> {
    Some(match name {
        "event_type" | "event" => Known::Type,
        "task_type" => Known::Task,
        "job_id" | "id" => Known::Job,
        "run_id" => Known::Run,
        "parent_job_id" | "parent_id" => Known::Parent,
        "host" | "process" => Known::Worker,
        "state" | "is" => Known::Status,
        "error_kind" => Known::Kind,
        "err" | "reason" => Known::Error,
        "msg" | "text" => Known::Message,
        "try" | "attempts" => Known::Attempt,
        "sequence" => Known::Seq,
        "pct" | "percentage" => Known::Percent,
        "duration_ms" | "took" => Known::Duration,
        "elapsed_ms" => Known::Elapsed,
        "eta_ms" => Known::Eta,
        "since" | "from" | "time" | "timestamp" => Known::After,
        "until" | "to" => Known::Before,
        "started_at" | "start" => Known::Started,
        "ended_at" | "end" | "finished" => Known::Ended,
        _ => return None,
    })
}

/// How many letters are to be put in, left out, changed or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<_>, Vec<_>) = (a.chars().take(LONGEST).collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for n in 1..=a.len() {
        let mut next = vec![n];
        for m in 1..=b.len() {
            let is_changed = usize::from(a[n - 1] != b[m - 1]);
            let mut least = (last[m - 1] + is_changed)
                .min(last[m] + 1)
                .min(next[m - 1] + 1);
            if n > 1 && m > 1 && a[n - 1] == b[m - 2] && a[n - 2] == b[m - 1] {
                least = least.min(before[m - 2] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut last, next);
    }
    last[b.len()]
}

/// Letters of a name that are looked at: no key is half as long.
const LONGEST: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_that_was_meant_is_named() {
        for (name, expected) in [
            ("tsak", Some("task")),
            ("Type", Some("type")),
            ("statsu", Some("status")),
            ("event_type", Some("type")),
            ("error_kind", Some("kind")),
            ("since", Some("after")),
            ("precent", Some("percent")),
            ("durration", Some("duration")),
            ("jb", Some("job")),
            ("https", None),
            ("user", None),
            ("", None),
        ] {
            assert_eq!(meant(name), expected, "{name}");
        }
    }
}
