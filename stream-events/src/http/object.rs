//! An event as JSON: one object on one line, whatever stands on the stream.

use serde_json::value::RawValue;

use crate::event::Timestamp;
use crate::{Event, JobId};

/// Appends `{"id":…,"job_id":…,"event_type":…,"timestamp":…,"data":…}`, without a line break: JSON has none
/// within its strings, and those that `data` has between its members become spaces.
pub(super) fn write(out: &mut Vec<u8>, job: &JobId, event: &Event) {
    out.push(b'{');
    write_members(out, job, event);
    out.push(b'}');
}

/// The members alone, for an object that has others, too.
pub(super) fn write_members(out: &mut Vec<u8>, job: &JobId, event: &Event) {
    out.extend_from_slice(b"\"id\":");
    write_text(out, &event.id().to_string());
    out.extend_from_slice(b",\"job_id\":");
    write_text(out, job.as_str());
    out.extend_from_slice(b",\"event_type\":");
    write_text(out, event.event_type().as_str());
    out.extend_from_slice(b",\"timestamp\":");
    write_time(out, event);
    out.extend_from_slice(b",\"data\":");
    write_data(out, &event.data());
}

/// In the one form in which we write it; of one beyond the calendar there is nothing to say.
fn write_time(out: &mut Vec<u8>, event: &Event) {
    match Timestamp::of(event.timestamp()) {
        Some(time) => write_text(out, time.to_rfc3339().as_str()),
        None => out.extend_from_slice(b"null"),
    }
}

/// A JSON string.
pub(super) fn write_text(out: &mut Vec<u8>, text: &str) {
    // A vector takes whatever is written to it.
    let _ = serde_json::to_writer(out, text);
}

/// As it was written where that is JSON that any parser takes, otherwise as a string.
fn write_data(out: &mut Vec<u8>, data: &str) {
    match serde_json::from_str::<&RawValue>(data) {
        Ok(json) if nesting(json.get()) <= MOST_NESTING => {
            let is_break = |byte| matches!(byte, b'\r' | b'\n');
            let on_line = |byte| if is_break(byte) { b' ' } else { byte };
            out.extend(json.get().bytes().map(on_line));
        }
        _ => write_text(out, data),
    }
}

/// How deep the arrays and objects of valid JSON go.
pub(super) fn nesting(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => skip_text(&mut bytes),
            _ => {}
        }
    }
    deepest
}

fn skip_text(bytes: &mut impl Iterator<Item = u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

/// Parsers that go down by recursion give up at a depth: serde_json at 128, with this one around.
pub(super) const MOST_NESTING: usize = 100;

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::EventId;
    use crate::event::Entry;

    fn written(data: impl AsRef<[u8]>) -> String {
        let fields = [
            ("data", data.as_ref()),
            ("timestamp", b"2025-11-24T20:23:45.123456+00:00"),
            ("event_type", b"row"),
        ];
        let event = Event::from(Entry::new(EventId::new(5, 7), fields));
        let mut out = Vec::new();
        write(&mut out, &"job_001".try_into().unwrap(), &event);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn data_that_is_json_stands_as_it_was_written() {
        let head = r#"{"id":"5-7","job_id":"job_001","event_type":"row","timestamp":"2025-11-24T20:23:45.123456+00:00","data":"#;
        for data in [
            r#"{"big": 10000000000000000000000001, "lone":"\ud800", "a":1, "a":2, "e":1e400}"#,
            "[1]",
            "null",
        ] {
            assert_eq!(written(data), format!("{head}{data}}}"));
        }
        assert_eq!(
            written("{\r\n \"a\":\n1}\r\n"),
            format!("{head}{{   \"a\": 1}}}}")
        );
    }

    #[test]
    fn other_data_is_a_string() {
        let deep = "[".repeat(101) + &"]".repeat(101);
        for data in [
            "",
            "not\r\njson\0",
            r#"{"a":NaN}"#,
            "{} {}",
            "\"a\nb\"",
            &deep,
        ] {
            let object: Value = serde_json::from_str(&written(data)).unwrap();
            assert_eq!(object["data"], data);
        }
        let object: Value = serde_json::from_str(&written(b"\xff\xfe{")).unwrap();
        assert_eq!(object["data"], "\u{fffd}\u{fffd}{");
    }

    #[test]
    fn brackets_in_texts_are_no_nesting() {
        assert_eq!(nesting(r#"{"a[[[\"{{\\":["]]]",{}]}"#), 3);
        assert_eq!(nesting("1"), 0);
    }
}
