//! How a job stands, as a query names it.

use crate::{Event, EventType};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Status(&'static str);

const STATUSES: [&str; 5] = ["unknown", "running", "retrying", "completed", "failed"];
/// Why a run failed is its kind.
const KINDS: [&str; 5] = ["lost", "cancelled", "timeout", "panic", "error"];

impl Status {
    pub(super) fn of(text: &str) -> Option<Self> {
        let mut names = STATUSES.into_iter();
        names.find(|name| name.eq_ignore_ascii_case(text)).map(Self)
    }

    /// What an event says of its job, by itself; another run may follow one that is declared lost.
    pub(super) fn of_event(event: &Event) -> Self {
        Self(match event.event_type() {
            EventType::TaskStarted | EventType::TaskProgress | EventType::TaskResumed => "running",
            EventType::TaskCompleted => "completed",
            EventType::TaskFailed if event.is_terminal() => "failed",
            EventType::TaskFailed => "retrying",
            EventType::Other(_) => "unknown",
        })
    }

    pub(super) fn as_str(self) -> &'static str {
        self.0
    }

    pub(super) fn expected(text: &str, found: &str) -> String {
        let names = STATUSES.map(|name| format!("`{name}`"));
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
}
