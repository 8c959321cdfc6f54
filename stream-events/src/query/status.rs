//! How a job stands, as a query names it.

use crate::{Event, EventType, Status};

/// Why a run failed is its kind.
const KINDS: [&str; 5] = ["lost", "cancelled", "timeout", "panic", "error"];

/// Case does not count.
pub(super) fn read(text: &str) -> Option<Status> {
    let mut all = Status::ALL.iter().copied();
    all.find(|status| status.as_str().eq_ignore_ascii_case(text))
}

/// What an event says of its job, by itself; another run may follow one that is declared lost.
pub(super) fn of_event(event: &Event) -> Status {
    match event.event_type() {
        EventType::TaskStarted | EventType::TaskProgress | EventType::TaskResumed => {
            Status::Running
        }
        EventType::TaskCompleted => Status::Completed,
        EventType::TaskFailed if event.is_terminal() => Status::Failed,
        EventType::TaskFailed => Status::Retrying,
        EventType::Other(_) => Status::Unknown,
    }
}

/// What is said of a text that is none.
pub(super) fn expected(text: &str, found: &str) -> String {
    let names: Vec<_> = Status::ALL
        .iter()
        .map(|status| format!("`{status}`"))
        .collect();
    let kind = KINDS
        .into_iter()
        .find(|kind| kind.eq_ignore_ascii_case(text));
    let meant = kind.map_or_else(String::new, |kind| {
        format!("; why it failed is `kind:{kind}`")
    });
    format!(
        "a status is expected, one of {}, and it is {found}{meant}",
        names.join(", ")
    )
}
