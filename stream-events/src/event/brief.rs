//! A lifecycle event as the index of jobs has it.

use super::cut::value_within;
use super::payload::write_text;
use super::{EventId, EventType, Values, decode};
use crate::JobId;

/// The event without its own fields and its result: what tells which job, which run and how it went. It
/// has the event's time and type, and `event_id`, the id that it has on its job's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Brief {
    pub(crate) values: Values,
    /// Of a start, the job that it is part of.
    pub(crate) parent: Option<JobId>,
}

/// Of a start that is a replay's, the job that it is a replay of.
pub(crate) const REPLAY_OF: &str = "replay_of";

/// What is kept of an event, in this order.
const KEYS: [&str; 15] = [
    "event_type",
    "timestamp",
    "job_id",
    "task_type",
    "run",
    "seq",
    "attempt",
    "max_attempts",
    "parent_job_id",
    "worker",
    REPLAY_OF,
    "duration_ms",
    "error",
    "error_kind",
    "will_retry",
];
const JOB: usize = 2;
const PARENT: usize = 8;

/// The most bytes of a value; a longer one keeps its head. Names of 256 bytes fit also where each of them
/// is escaped.
const MOST: usize = 1600;
/// Of the text of an error.
const MOST_ERROR: usize = 512;

impl Brief {
    /// None where the event is no lifecycle event, or tells no job.
    pub(crate) fn of(id: EventId, values: &Values) -> Option<Self> {
        let [data, timestamp, event_type] = values.each();
        let event_type = lifecycle(event_type)?;
        let data = std::str::from_utf8(data).ok()?;
        let members = decode::members(data, KEYS);
        members[JOB]?;
        let mut brief = Vec::with_capacity(data.len().min(MOST));
        let mut is_cut = false;
        for (key, value) in KEYS.into_iter().zip(members) {
            let Some(value) = value.map(|value| value.get().as_bytes()) else {
                continue;
            };
            let most = if key == "error" { MOST_ERROR } else { MOST };
            is_cut |= value.len() > most;
            begin(&mut brief, key);
            brief.extend_from_slice(&value_within(value, value.len(), most));
        }
        begin(&mut brief, "event_id");
        write_text(&mut brief, &id.to_string());
        if is_cut {
            begin(&mut brief, "truncated");
            brief.extend_from_slice(b"true");
        }
        brief.push(b'}');
        let parent = members[PARENT].filter(|_| event_type == EventType::TaskStarted);
        let parent = parent.and_then(|parent| serde_json::from_str(parent.get()).ok());
        Some(Self {
            values: Values::new(brief, timestamp, event_type.as_str()),
            parent,
        })
    }

    /// Of which job it is. None where that has a name that no job can have.
    pub(crate) fn job(&self) -> Option<JobId> {
        let data = std::str::from_utf8(self.values.data()).ok()?;
        let [job] = decode::members(data, [KEYS[JOB]]);
        serde_json::from_str(job?.get()).ok()
    }
}

/// Starts and ends, and what takes an end back that others declared.
pub(crate) fn lifecycle(name: &[u8]) -> Option<EventType> {
    let all = [
        EventType::TaskStarted,
        EventType::TaskCompleted,
        EventType::TaskFailed,
        EventType::TaskResumed,
    ];
    all.into_iter().find(|own| own.as_str().as_bytes() == name)
}

fn begin(text: &mut Vec<u8>, key: &str) {
    text.push(if text.is_empty() { b'{' } else { b',' });
    write_text(text, key);
    text.push(b':');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brief(event_type: &str, data: &str) -> Option<(String, Option<String>)> {
        let values = Values::new(data.as_bytes().to_vec(), b"2025", event_type);
        let brief = Brief::of(EventId::new(7, 1), &values)?;
        let [data, timestamp, told] = brief.values.each();
        assert_eq!((timestamp, told), (&b"2025"[..], event_type.as_bytes()));
        let parent = brief.parent.map(|parent| parent.to_string());
        Some((String::from_utf8(data.to_vec()).unwrap(), parent))
    }

    #[test]
    fn what_tells_the_job_the_run_and_how_it_went_is_kept_and_nothing_else() {
        let of_run = r#""event_type":"task_completed","timestamp":"2025","job_id":"j","task_type":"t","run":"r","seq":2"#;
        let data = format!(r#"{{{of_run},"trace_id":"0","result":{{"a":1}},"duration_ms":5}}"#);
        let (kept, parent) = brief("task_completed", &data).unwrap();
        let expected = format!(r#"{{{of_run},"duration_ms":5,"event_id":"7-1"}}"#);
        assert_eq!((kept, parent), (expected, None));
        assert_eq!(brief("task_progress", &data), None);
        assert_eq!(brief("task_completed", r#"{"run":"r"}"#), None);
        assert_eq!(brief("task_completed", "no object"), None);
    }

    #[test]
    fn it_tells_its_job() {
        for (job, expected) in [("a:b", Some("a:b")), ("{a}", None)] {
            let data = format!(r#"{{"n":1,"job_id":"{job}"}}"#).into_bytes();
            let values = Values::new(data, b"", "task_started");
            let brief = Brief::of(EventId::ZERO, &values).unwrap();
            let job = brief.job();
            assert_eq!(job.as_ref().map(JobId::as_str), expected);
        }
    }

    #[test]
    fn a_start_tells_its_parent_and_no_other_event_does() {
        let data = r#"{"job_id":"j","parent_job_id":"p","own":[1],"replay_of":"o"}"#;
        let (kept, parent) = brief("task_started", data).unwrap();
        assert_eq!(
            kept,
            r#"{"job_id":"j","parent_job_id":"p","replay_of":"o","event_id":"7-1"}"#
        );
        assert_eq!(parent.as_deref(), Some("p"));
        assert_eq!(brief("task_failed", data).unwrap().1, None);
        let wrong = r#"{"job_id":"j","parent_job_id":"{p}"}"#;
        assert_eq!(brief("task_started", wrong).unwrap().1, None);
    }

    #[test]
    fn the_text_of_an_error_is_cut_and_that_is_said() {
        let error = "汉".repeat(1000);
        let data = format!(r#"{{"job_id":"j","error":"{error}","error_kind":"error"}}"#);
        let (kept, _) = brief("task_failed", &data).unwrap();
        assert!(kept.len() < MOST_ERROR + 100, "{}", kept.len());
        let read: serde_json::Value = serde_json::from_str(&kept).unwrap();
        assert!(error.starts_with(read["error"].as_str().unwrap()));
        assert_eq!(read["error_kind"], "error");
        assert_eq!(read["truncated"], true);
    }
}
