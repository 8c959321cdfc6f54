//! What an event of a run's own says, typed.

use std::time::Duration;

use serde::de::DeserializeOwned;

use super::facts::Facts;
use super::{Event, EventType};
use crate::{Error, Json, MAX_PAYLOAD, Number};

/// What [`Event::details`] gives: what an event of one of a run's own types says, as far as it is there.
///
/// A member of another type than it should be, or that its writer left out, is none. What is no text where
/// one should be is shown as its JSON.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Details {
    /// `task_started`
    #[non_exhaustive]
    Started {
        /// The kind of work.
        task_type: Option<String>,
        /// Which try it is, from 1.
        attempt: Option<u64>,
        /// Of how many.
        max_attempts: Option<u64>,
        /// The job whose work it is part of.
        parent_job_id: Option<String>,
    },
    /// `task_progress`
    #[non_exhaustive]
    Progress {
        /// A sentence for people.
        message: Option<String>,
        /// The step that the job is in.
        step: Option<String>,
        /// How many of `total` are done.
        current: Option<Number>,
        /// How many there are.
        total: Option<Number>,
        /// How much is done, from 0 to 100.
        percent: Option<f64>,
        /// How many are done in a second.
        rate: Option<f64>,
        /// About how long the rest takes.
        eta: Option<Duration>,
        /// The number of the phase that says so, from 1; none where the run itself does.
        phase: Option<u64>,
        /// The phase that this one is part of.
        parent_phase: Option<u64>,
        /// How long the phase took, where it is over.
        elapsed: Option<Duration>,
        /// How many earlier events this one stands for.
        coalesced: u64,
    },
    /// `task_completed`
    #[non_exhaustive]
    Completed {
        /// What it came to; none where that is `null`, or has more than [`MAX_PAYLOAD`] bytes.
        result: Option<Json>,
        /// How long it took.
        duration: Option<Duration>,
    },
    /// `task_failed`
    #[non_exhaustive]
    Failed {
        /// Why.
        error: Option<String>,
        /// `error`, `panic`, `cancelled`, `timeout` or `lost`, or what a foreign writer says.
        error_kind: Option<String>,
        /// Whether another run follows.
        will_retry: bool,
        /// How long it took.
        duration: Option<Duration>,
    },
    /// `task_resumed`
    Resumed,
    /// A domain event; [`Event::field`] reads what it has.
    Other,
}

impl Event {
    /// What the event says, by its type.
    ///
    /// ```
    /// use stream_events::{Details, Event};
    ///
    /// fn bar(event: &Event) -> Option<String> {
    ///     match event.details() {
    ///         Details::Progress { percent: Some(percent), .. } => Some(format!("{percent} %")),
    ///         Details::Completed { .. } => Some("done".to_owned()),
    ///         Details::Failed { error, .. } => error,
    ///         _ => None,
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn details(&self) -> Details {
        let data = self.data();
        let facts = Facts::of(&data);
        match self.event_type() {
            EventType::TaskStarted => Details::Started {
                task_type: facts.text("task_type"),
                attempt: facts.count("attempt"),
                max_attempts: facts.count("max_attempts"),
                parent_job_id: facts.text("parent_job_id"),
            },
            EventType::TaskProgress => Details::Progress {
                message: facts.text("progress"),
                step: facts.text("step"),
                current: facts.number("current"),
                total: facts.number("total"),
                percent: facts.float("percent"),
                rate: facts.float("rate"),
                eta: facts.millis("eta_ms"),
                phase: facts.count("phase"),
                parent_phase: facts.count("parent_phase"),
                elapsed: facts.millis("elapsed_ms"),
                coalesced: facts.count("coalesced").unwrap_or(0),
            },
            EventType::TaskCompleted => Details::Completed {
                result: facts.json("result", MAX_PAYLOAD),
                duration: facts.millis("duration_ms"),
            },
            EventType::TaskFailed => Details::Failed {
                error: facts.text("error"),
                error_kind: facts.text("error_kind"),
                will_retry: self.inner().will_retry,
                duration: facts.millis("duration_ms"),
            },
            EventType::TaskResumed => Details::Resumed,
            EventType::Other(_) => Details::Other,
        }
    }

    /// The `result` of `task_completed`; none where there is none, or it is `null`.
    ///
    /// # Errors
    ///
    /// [`InvalidEvent`](crate::ErrorKind::InvalidEvent) where it is no `T`.
    pub fn result<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        self.field::<Option<T>>("result").map(Option::flatten)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Entry, EventId};
    use super::*;

    fn event(kind: &str, data: &str) -> Event {
        let fields = [("data", data), ("event_type", kind)];
        Entry::new(EventId::new(1, 0), fields).into()
    }

    #[test]
    fn what_an_event_says_is_typed_by_its_type() {
        let details = |kind, data| event(kind, data).details();
        let ms = Duration::from_millis;
        let of = r#"{"task_type":"t","attempt":2,"max_attempts":3,"parent_job_id":"p"}"#;
        let started = Details::Started {
            task_type: Some("t".to_owned()),
            attempt: Some(2),
            max_attempts: Some(3),
            parent_job_id: Some("p".to_owned()),
        };
        assert_eq!(details("task_started", of), started);
        let of = r#"{"progress":"p","step":"s","current":3,"total":4,"percent":75,"rate":0.5,"eta_ms":2000,
            "phase":2,"parent_phase":1,"elapsed_ms":9,"coalesced":5}"#;
        let progress = Details::Progress {
            message: Some("p".to_owned()),
            step: Some("s".to_owned()),
            current: Some(3.into()),
            total: Some(4.into()),
            percent: Some(75.0),
            rate: Some(0.5),
            eta: Some(ms(2000)),
            phase: Some(2),
            parent_phase: Some(1),
            elapsed: Some(ms(9)),
            coalesced: 5,
        };
        assert_eq!(details("task_progress", of), progress);
        let Details::Completed { result, duration } =
            details("task_completed", r#"{"result":[1],"duration_ms":7}"#)
        else {
            panic!("it is completed")
        };
        assert_eq!((result.unwrap().as_str(), duration), ("[1]", Some(ms(7))));
        let failed = Details::Failed {
            error: Some("no".to_owned()),
            error_kind: Some("panic".to_owned()),
            will_retry: true,
            duration: None,
        };
        let of = r#"{"error":"no","error_kind":"panic","will_retry":true}"#;
        assert_eq!(details("task_failed", of), failed);
        assert_eq!(details("task_resumed", "{}"), Details::Resumed);
        assert_eq!(details("row", "{}"), Details::Other);
    }

    #[test]
    fn what_another_wrote_or_left_out_is_none() {
        for data in [
            "",
            "not json",
            "[]",
            "{}",
            r#"{"error":null,"will_retry":"yes","duration_ms":"30s"}"#,
        ] {
            let nothing = Details::Failed {
                error: None,
                error_kind: None,
                will_retry: false,
                duration: None,
            };
            assert_eq!(event("task_failed", data).details(), nothing, "{data}");
        }
    }

    #[test]
    fn a_result_is_read_as_what_it_is() {
        let result = |data: &str| event("task_completed", data).result::<Vec<u8>>();
        assert_eq!(result(r#"{"result":[1,2]}"#).unwrap(), Some(vec![1, 2]));
        assert_eq!(result(r#"{"result":null}"#).unwrap(), None);
        assert_eq!(result("{}").unwrap(), None);
        let error = result(r#"{"result":"x"}"#).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::InvalidEvent);
        let said = error.to_string();
        let begin =
            "the field `result` of event 1-0 cannot be read as what is asked for: invalid type";
        assert!(said.starts_with(begin), "{said}");
    }
}
