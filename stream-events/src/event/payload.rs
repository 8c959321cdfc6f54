//! The JSON text of an event's `data`: what all events have, then the event's own fields.

use uuid::Uuid;

use super::kind::EventType;
use super::origin::Origin;
use super::timestamp::Timestamp;
use super::values::Page;
use crate::digits::Digits;
use crate::scrub::Telling;

/// What all events of a run share between their time and their seq, written once:
/// `","job_id":…,"task_type":…,"run":…`, where the run comes from, and `,"seq":`.
#[derive(Debug)]
pub(crate) struct Identity {
    text: Box<[u8]>,
    /// Where the run's id begins in it.
    run: u32,
}

impl Identity {
    pub(crate) fn new(
        job_id: &str,
        task_type: Option<&str>,
        run: u128,
        origin: Option<&Origin>,
    ) -> Self {
        let names = job_id.len() + task_type.map_or(0, |name| name.len() + TASK_TYPE);
        // Of most runs all of it, so that it is not moved to where it has no more room than that.
        let mut text = Vec::with_capacity(names + RUN + IDS);
        text.extend_from_slice(br#"","job_id":"#);
        write_text(&mut text, job_id);
        if let Some(task_type) = task_type {
            text.extend_from_slice(br#","task_type":"#);
            write_text(&mut text, task_type);
        }
        text.extend_from_slice(br#","run":"#);
        let at = text.len() + 1;
        text.extend_from_slice(&quoted_id(run));
        if let Some(origin) = origin {
            origin.write(&mut text);
        }
        text.extend_from_slice(br#","seq":"#);
        Self {
            text: text.into(),
            run: at as u32,
        }
    }

    /// The run's id.
    pub(crate) fn run(&self) -> &str {
        let at = self.run as usize;
        str::from_utf8(&self.text[at..at + RUN]).unwrap_or_default()
    }

    /// What is left of [`MAX_PAYLOAD`](crate::MAX_PAYLOAD) for the own fields of an event of this type.
    pub(crate) fn room(&self, event_type: &EventType) -> usize {
        let name = match event_type {
            EventType::Other(name) => written(name),
            own => own.as_str().len(),
        };
        let around = self.text.len() + name + AROUND;
        crate::MAX_PAYLOAD.saturating_sub(around)
    }
}

/// Writes what stands in one entry. `fields` is as [`Fields::into_text`](super::Fields::into_text) gives
/// it; `coalesced` is how many earlier events this one stands for.
pub(crate) fn write(
    page: &mut Page,
    event_type: &EventType,
    at: Timestamp,
    identity: &Identity,
    seq: u64,
    fields: &[u8],
    coalesced: u64,
) {
    let timestamp = page.clock.show(at);
    let name = event_type.as_str();
    let (data, start) = page.begin();
    data.extend_from_slice(br#"{"event_type":"#);
    match event_type {
        EventType::Other(name) => write_text(data, name),
        _ => write_plain(data, name),
    }
    data.extend_from_slice(br#","timestamp":""#);
    data.extend_from_slice(timestamp.as_bytes());
    data.extend_from_slice(&identity.text);
    data.extend_from_slice(Digits::of(seq).as_bytes());
    data.extend_from_slice(fields);
    if coalesced > 0 {
        data.extend_from_slice(br#","coalesced":"#);
        data.extend_from_slice(Digits::of(coalesced).as_bytes());
    }
    data.push(b'}');
    page.end(start, timestamp.as_bytes(), name);
}

/// About how many bytes that will be.
pub(crate) fn size(event_type: &EventType, identity: &Identity, fields: &[u8]) -> usize {
    identity.text.len() + fields.len() + 2 * (TIMESTAMP + event_type.as_str().len()) + KEYS
}

/// In hexadecimal.
fn quoted_id(run: u128) -> [u8; RUN + 2] {
    let mut text = [b'"'; RUN + 2];
    Uuid::from_u128(run)
        .simple()
        .encode_lower(&mut text[1..=RUN]);
    text
}

/// A text as JSON. Most have nothing in them that would have to be escaped.
pub(super) fn write_text(json: &mut Vec<u8>, text: &str) {
    if Telling::of(text.as_bytes()).is_plain() {
        write_plain(json, text);
    } else {
        // To memory, a text fails neither to serialise nor to be written.
        let _ = serde_json::to_writer(json, text);
    }
}

/// One with nothing of that in it.
fn write_plain(json: &mut Vec<u8>, text: &str) {
    json.push(b'"');
    json.extend_from_slice(text.as_bytes());
    json.push(b'"');
}

/// Bytes at most of a text in JSON: a control character may take six.
fn written(text: &str) -> usize {
    let of = |byte| match byte {
        0..b' ' => 6,
        b'"' | b'\\' => 2,
        _ => 1,
    };
    text.bytes().map(of).sum()
}

pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Bytes at most of what stands around identity, event type and fields: the keys, the timestamp, seq and
/// coalesced.
const AROUND: usize = 512;
/// The same, of its keys and numbers alone.
const KEYS: usize = 96;
/// Bytes of a run's id.
const RUN: usize = 32;
/// The same, of what stands around a run's and its job's.
const IDS: usize = r#"","job_id":"","run":"","seq":"#.len();
/// The same, around its task type.
const TASK_TYPE: usize = r#","task_type":"""#.len();
/// Bytes of a time.
const TIMESTAMP: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Fields;

    fn texts(page: Page) -> [String; 3] {
        let values = page.into_only();
        values
            .each()
            .map(|value| String::from_utf8(value.to_vec()).unwrap())
    }

    #[test]
    fn the_bytes_of_a_progress_event() {
        let identity = Identity::new(
            "job_001",
            Some("outline_generation"),
            0x0123_4567_89ab_cdef,
            None,
        );
        let fields = Fields::new()
            .own("progress", "正在分析 \"x\"")
            .own("step", "analysis")
            .field("pages", &3);
        let fields = fields.into_text(identity.room(&EventType::TaskProgress));
        let at = Timestamp::from_micros(1_764_015_825_123_456);
        let mut page = Page::default();
        let event_type = EventType::TaskProgress;
        write(&mut page, &event_type, at, &identity, 7, &fields, 2);
        let [data, timestamp, event_type] = texts(page);
        assert_eq!(timestamp, "2025-11-24T20:23:45.123456+00:00");
        assert_eq!(event_type, "task_progress");
        assert_eq!(
            data,
            concat!(
                r#"{"event_type":"task_progress","timestamp":"2025-11-24T20:23:45.123456+00:00","#,
                r#""job_id":"job_001","task_type":"outline_generation","run":"00000000000000000123456789abcdef","seq":7,"#,
                r#""progress":"正在分析 \"x\"","step":"analysis","pages":3,"coalesced":2}"#
            )
        );
    }

    #[test]
    fn an_event_of_any_name_is_within_its_bound() {
        let identity = Identity::new(&"j".repeat(256), None, 7, None);
        for name in ["\u{1}", "\"", "汉", "x"] {
            let event_type = EventType::domain(&name.repeat(crate::MAX_NAME));
            let fields = Fields::new().field("text", &"x".repeat(crate::MAX_PAYLOAD));
            let fields = fields.into_text(identity.room(&event_type));
            let at = Timestamp::from_micros(1_764_015_825_123_456);
            let mut page = Page::default();
            write(
                &mut page,
                &event_type,
                at,
                &identity,
                u64::MAX,
                &fields,
                u64::MAX,
            );
            let size = texts(page)[0].len();
            let bounds = crate::MAX_PAYLOAD - 1024..=crate::MAX_PAYLOAD;
            assert!(bounds.contains(&size), "{name:?}: {size}");
        }
    }

    #[test]
    fn an_event_with_nothing_of_its_own() {
        let identity = Identity::new("a\"b", None, 7, None);
        let at = Timestamp::from_micros(0);
        let mut page = Page::default();
        write(&mut page, &EventType::UNKNOWN, at, &identity, 0, &[], 0);
        assert_eq!(
            texts(page)[0],
            concat!(
                r#"{"event_type":"unknown","timestamp":"1970-01-01T00:00:00.000000+00:00","#,
                r#""job_id":"a\"b","run":"00000000000000000000000000000007","seq":0}"#
            )
        );
    }
}
