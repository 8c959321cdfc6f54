//! What becomes of a job.

use serde_json::Value;

use crate::installed::events;

/// Neither says `Result`.
pub(crate) type Outcome = Fallible<u8>;
pub(crate) type Fallible<T> = Result<T, String>;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    Done,
    Refused,
    Panic,
}

impl Fate {
    pub(crate) fn meet(self) -> Outcome {
        match self {
            Self::Done => Ok(3),
            Self::Refused => Err("out of ink".to_owned()),
            Self::Panic => panic!("out of paper"),
        }
    }
}

/// The types of a job's events, and the last event.
pub(crate) async fn types(job_id: &str) -> (Vec<String>, Value) {
    let events = events(job_id).await;
    let types = events
        .iter()
        .map(|event| event["event_type"].as_str().unwrap().to_owned());
    (types.collect(), events.last().cloned().unwrap_or_default())
}
