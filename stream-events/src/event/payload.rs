//! The JSON text of an event's `data`: what all events have, then the event's own fields.

use super::kind::EventType;

/// The keys that all events of a run share, written once: `,"job_id":…,"task_type":…,"run":…`.
#[derive(Debug)]
pub(crate) struct Identity(String);

impl Identity {
    pub(crate) fn new(job_id: &str, task_type: Option<&str>, run: &str) -> Self {
        let mut text = format!(r#","job_id":{}"#, quoted(job_id));
        if let Some(task_type) = task_type {
            text.push_str(&format!(r#","task_type":{}"#, quoted(task_type)));
        }
        text.push_str(&format!(r#","run":{}"#, quoted(run)));
        Self(text)
    }

    /// What is left for an event's own fields of [`MAX_PAYLOAD`](crate::MAX_PAYLOAD).
    pub(crate) fn room(&self) -> usize {
        crate::MAX_PAYLOAD.saturating_sub(self.0.len() + AROUND)
    }
}

/// One `data`. `fields` is as [`Fields::into_text`](super::Fields::into_text) gives it; `coalesced`
/// is how many earlier events this one stands for.
pub(crate) fn data(
    event_type: &EventType,
    timestamp: &str,
    identity: &Identity,
    seq: u64,
    fields: &[u8],
    coalesced: u64,
) -> Vec<u8> {
    let head = format!(
        r#"{{"event_type":{},"timestamp":"{timestamp}"{},"seq":{seq}"#,
        quoted(event_type.as_str()),
        identity.0
    );
    let mut data = head.into_bytes();
    data.extend_from_slice(fields);
    if coalesced > 0 {
        data.extend_from_slice(format!(r#","coalesced":{coalesced}"#).as_bytes());
    }
    data.push(b'}');
    data
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Bytes at most of what stands around identity and fields: an event type of common length, the
/// timestamp, seq and coalesced.
const AROUND: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Fields;

    #[test]
    fn the_bytes_of_a_progress_event() {
        let identity = Identity::new("job_001", Some("outline_generation"), "0123456789abcdef");
        let fields = Fields::new()
            .own("progress", "正在分析 \"x\"")
            .own("step", "analysis")
            .field("pages", &3);
        let fields = fields.into_text(identity.room());
        let data = data(
            &EventType::TaskProgress,
            "2025-11-24T20:23:45.123456+00:00",
            &identity,
            7,
            &fields,
            2,
        );
        assert_eq!(
            String::from_utf8(data).unwrap(),
            concat!(
                r#"{"event_type":"task_progress","timestamp":"2025-11-24T20:23:45.123456+00:00","#,
                r#""job_id":"job_001","task_type":"outline_generation","run":"0123456789abcdef","seq":7,"#,
                r#""progress":"正在分析 \"x\"","step":"analysis","pages":3,"coalesced":2}"#
            )
        );
    }

    #[test]
    fn an_event_with_nothing_of_its_own() {
        let identity = Identity::new("a\"b", None, "r");
        let data = data(&EventType::UNKNOWN, "t", &identity, 0, &[], 0);
        let expected =
            r#"{"event_type":"unknown","timestamp":"t","job_id":"a\"b","run":"r","seq":0}"#;
        assert_eq!(String::from_utf8(data).unwrap(), expected);
    }
}
