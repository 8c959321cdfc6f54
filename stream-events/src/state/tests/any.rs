//! Any streams at all: nothing on one stops the fold, and where it is cut is all the same.

use proptest::prelude::*;

use super::super::JobState;
use crate::event::Entry;
use crate::{EventId, Item};

/// Entries of any kind: ours, others', nonsense.
fn any_event() -> impl Strategy<Value = Vec<(String, String)>> {
    let kind = prop::sample::select(vec![
        "task_started",
        "task_progress",
        "task_completed",
        "task_failed",
        "task_resumed",
        "row",
        "",
    ]);
    let value = prop::sample::select(vec![
        "null",
        "true",
        "0",
        "1",
        "2",
        "-1",
        "1e400",
        "18446744073709551616",
        "2.5",
        r#""a""#,
        r#""b""#,
        r#""lost""#,
        r#""\ud800""#,
        "[]",
        "{}",
        "NaN",
        "",
        "\"",
    ]);
    let key = prop::sample::select(vec![
        "run",
        "run",
        "seq",
        "seq",
        "will_retry",
        "error_kind",
        "progress",
        "step",
        "current",
        "total",
        "percent",
        "eta_ms",
        "rate",
        "elapsed_ms",
        "phase",
        "parent_phase",
        "result",
        "duration_ms",
        "error",
        "attempt",
        "task_type",
        "event_type",
        "timestamp",
    ]);
    let members = prop::collection::vec((key, value), 0..6);
    let time = prop::sample::select(vec![
        "",
        "2026-11-23T20:00:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "1e308",
        "x",
    ]);
    (kind, members, time, any::<bool>()).prop_map(|(kind, members, time, is_ours)| {
        let member = |(key, value)| format!("\"{key}\":{value}");
        let members: Vec<_> = members.into_iter().map(member).collect();
        let data = format!("{{{}}}", members.join(","));
        let mut fields = vec![("data".to_owned(), data)];
        if is_ours {
            fields.push(("timestamp".to_owned(), time.to_owned()));
            fields.push(("event_type".to_owned(), kind.to_owned()));
        }
        fields
    })
}

fn items(entries: &[Vec<(String, String)>]) -> Vec<Item> {
    let item = |(n, fields): (usize, &Vec<(String, String)>)| {
        let fields = fields.iter().map(|(name, value)| (name, value));
        Item::Event(Entry::new(EventId::new(n as u64 + 1, 0), fields).into())
    };
    entries.iter().enumerate().map(item).collect()
}

proptest! {
    /// Whatever stands on a stream, the job has ended where a watch of it would end.
    #[test]
    fn it_has_ended_where_a_watch_ends(entries in prop::collection::vec(any_event(), 0..30)) {
        let mut state = JobState::new("j");
        let mut has_ended = false;
        for item in items(&entries) {
            state.apply(&item);
            let Item::Event(event) = &item else { continue };
            if event.says_how_the_job_stands() {
                has_ended = event.is_terminal();
            }
            prop_assert_eq!(state.status.is_terminal(), has_ended, "{}", event);
            serde_json::to_string(&state).unwrap();
        }
    }

    /// Cut anywhere, with what comes twice around the cut.
    #[test]
    fn history_and_what_comes_live_fold_to_the_same(
        entries in prop::collection::vec(any_event(), 0..30),
        cut in 0_usize..30,
        again in 0_usize..30,
    ) {
        let items = items(&entries);
        let mut whole = JobState::new("j");
        items.iter().for_each(|item| whole.apply(item));
        let cut = cut.min(items.len());
        let mut parts = JobState::new("j");
        items[..cut].iter().for_each(|item| parts.apply(item));
        items[cut.saturating_sub(again)..].iter().for_each(|item| parts.apply(item));
        prop_assert_eq!(parts, whole);
    }

    #[test]
    fn no_bytes_are_too_odd(data in prop::collection::vec(any::<u8>(), 0..200), kind in "task_[a-z]*|.*") {
        let fields = [("data", &data[..]), ("event_type", kind.as_bytes())];
        let mut state = JobState::new("j");
        state.apply(&Item::Event(Entry::new(EventId::new(1, 0), fields).into()));
        prop_assert_eq!(state.events, 1);
    }
}
