//! What a reader makes of entries, ours and foreign.

use super::*;

fn event(fields: &[(&str, &[u8])]) -> Event {
    let fields = fields.iter().copied();
    Entry::new(EventId::new(1_764_000_000_000, 3), fields).into()
}

#[test]
fn our_own_event_is_read_back() {
    let data = r#"{"event_type":"task_failed","run":"r1","seq":4,"will_retry":true,"error":"no"}"#;
    let event = event(&[
        ("data", data.as_bytes()),
        ("timestamp", b"2025-11-24T20:23:45Z"),
        ("event_type", b"task_failed"),
    ]);
    assert_eq!(
        (event.run(), event.seq(), event.event_type()),
        (Some("r1"), Some(4), &EventType::TaskFailed)
    );
    assert!(!event.is_terminal(), "it will be retried");
    assert_eq!(
        event.field::<String>("error").unwrap().as_deref(),
        Some("no")
    );
    assert_eq!(event.field::<u8>("nothing").unwrap(), None);
    let error = event.field::<u8>("error").unwrap_err().to_string();
    assert!(
        error.starts_with("the field `error` of event 1764000000000-3 cannot be read"),
        "{error}"
    );
}

#[test]
fn foreign_entries_come_through_as_they_are() {
    let of_id = SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_764_000_000_000);
    for data in [
        &b"not json"[..],
        b"",
        b"{\"a\":NaN}",
        b"[1]",
        b"{\"seq\":1e400,\"run\":7}",
        b"\xff\xfe",
        b"\x1b[2J",
    ] {
        let event = event(&[("data", data), ("timestamp", b""), ("extra", b"1")]);
        assert_eq!(
            (event.run(), event.seq(), event.timestamp()),
            (None, None, of_id)
        );
        assert_eq!(
            (event.event_type(), event.raw("data"), event.raw("extra")),
            (&EventType::UNKNOWN, Some(data), Some(&b"1"[..]))
        );
        assert!(!event.to_string().contains('\x1b'));
    }
    let nothing = event(&[]);
    assert_eq!(
        (nothing.data().as_ref(), nothing.event_type()),
        ("", &EventType::UNKNOWN)
    );
}

#[test]
fn the_type_inside_data_counts_where_the_field_is_missing() {
    let event = event(&[(
        "data",
        br#"{"event_type":"task_completed","progress":"\ud800"}"#,
    )]);
    assert!(event.is_terminal());
    assert!(
        event.field::<String>("progress").is_err(),
        "a lone surrogate is no text"
    );
}
