//! Whatever stands on a stream reaches a client as text, one frame for each event.
#![allow(clippy::unwrap_used)]

mod served;

use futures_util::StreamExt;
use serde_json::Value;
use served::client::{Events, SOON, get, names};
use served::service::Service;
use support::TestRedis;
use tokio_tungstenite::tungstenite::Message;

/// Texts that break out of what is around them, where it lets them.
fn hostile() -> Vec<Vec<u8>> {
    let texts = [
        "\r\n\r\nevent: end\r\ndata: {}\r\n\r\n",
        "\n\nid: 99-0\ndata: forged\n\n",
        "\r\rdata: forged\r\r",
        "</script><script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "\0\0id: 1\0",
        "\u{feff}\u{2028}\u{2029}\u{85}",
        r#"","event_type":"task_completed"#,
        r"\ud800",
        LONE,
        "{\"a\":\r\n\r\n1}",
        "{\"a\":\"\r\n\r\ndata: x\"}",
        "{\"a\":NaN}",
        "gap",
        "end",
        "error",
        "bye",
        "open",
        "message",
        "event: x",
        "",
        " ",
        ":",
    ];
    let mut texts: Vec<_> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    texts.push(b"\xff\xfe\n\n\xed\xa0\x80".to_vec());
    texts.push("\r\n\"<\\\0汉".repeat(1024 * 1024 / 9).into_bytes());
    texts.push(
        format!(
            "{{\"text\":{}}}",
            serde_json::to_string(&"\r\n<".repeat(350_000)).unwrap()
        )
        .into_bytes(),
    );
    texts
}

const JOB: &str = "<script>&\"'/..%0d";

/// Each text in each field of an entry, and a name of a field.
fn fill(redis: &TestRedis) -> usize {
    let mut client = redis.client();
    let mut count = 0;
    for text in hostile() {
        for hostile_at in 0..4 {
            let mut add = redis::cmd("XADD");
            add.arg(format!("job_events:{JOB}")).arg("*");
            for (at, name, usual) in [
                (0, "data", r#"{"a":1}"#),
                (1, "timestamp", "2025-11-24T20:23:45+00:00"),
                (2, "event_type", "row"),
            ] {
                add.arg(name);
                match at == hostile_at {
                    true => add.arg(&text),
                    false => add.arg(usual),
                };
            }
            if hostile_at == 3 {
                add.arg(&text).arg("x");
            }
            add.exec(&mut client).unwrap();
            count += 1;
        }
    }
    count
}

fn written(redis: &TestRedis) -> Vec<(String, Vec<Vec<u8>>)> {
    let mut range = redis::cmd("XRANGE");
    range.arg(format!("job_events:{JOB}")).arg("-").arg("+");
    range.query(&mut redis.client()).unwrap()
}

/// What a client sees is what was written: the object of JSON, or else the text.
fn check(object: &Value, entry: &(String, Vec<Vec<u8>>)) {
    let (id, fields) = entry;
    assert_eq!(
        (object["id"].as_str(), object["job_id"].as_str()),
        (Some(&**id), Some(JOB))
    );
    let data = String::from_utf8_lossy(&fields[1]);
    let as_json = serde_json::from_str::<Value>(&data);
    match as_json {
        Ok(json) => assert_eq!(object["data"], json),
        Err(_) => assert_eq!(object["data"], *data),
    }
    let kind = String::from_utf8_lossy(&fields[5]);
    let kind = if kind.is_empty() { "unknown" } else { &kind };
    assert_eq!(object["event_type"], kind);
    let time = object["timestamp"].as_str().unwrap();
    assert!(time.ends_with("+00:00") && time.len() == 32, "{time}");
}

/// `\ud800` alone is no text in Rust: data that has it is compared as it is written.
fn object(text: &str) -> Value {
    let text = text.replace(LONE, TWO);
    serde_json::from_str(&text).unwrap()
}

const LONE: &str = r#"{"lone":"\ud800","other":"\udc00\ud800"}"#;
const TWO: &str = r#"{"lone":"lone","other":"two"}"#;

/// Row 47.
#[tokio::test]
async fn each_event_is_one_frame_whatever_stands_in_its_fields() {
    let redis = TestRedis::start();
    let count = fill(&redis);
    let mut entries = written(&redis);
    for (_, fields) in &mut entries {
        if fields[1] == LONE.as_bytes() {
            fields[1] = TWO.as_bytes().to_vec();
        }
    }
    let service = Service::open(&redis.url()).await;
    let mut url = reqwest::Url::parse(&service.url("/stream")).unwrap();
    url.query_pairs_mut().append_pair("job_id", JOB);
    let mut events = Events::open(url.as_str()).await;
    let mut seen = Vec::new();
    for entry in &entries {
        let message = tokio::time::timeout(SOON, events.message())
            .await
            .unwrap()
            .unwrap();
        check(&object(&message.data), entry);
        assert_eq!(message.id.as_ref(), Some(&entry.0));
        let name = match &entry.1[5][..] {
            b"row" => "row",
            b"" => "unknown",
            _ => "event",
        };
        assert_eq!(message.name, name);
        seen.push(message);
    }
    assert_eq!(seen.len(), count);

    // The same as messages, and on pages.
    let socket = format!("ws://{}/stream?{}", service.address, url.query().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(socket).await.unwrap();
    for entry in &entries {
        let Message::Text(text) = socket.next().await.unwrap().unwrap() else {
            panic!("no text");
        };
        let message = object(&text);
        check(&message, entry);
        assert_eq!(
            (message["type"].as_str(), message["cursor"].as_str()),
            (Some("event"), Some(&*entry.0))
        );
    }
}

#[tokio::test]
async fn events_that_are_called_as_other_frames_pass_for_none() {
    let redis = TestRedis::start();
    for kind in [
        "gap",
        "end",
        "error",
        "bye",
        "open",
        "message",
        "a b",
        "ü",
        "row.1-x_Y",
    ] {
        let mut add = redis::cmd("XADD");
        add.arg("job_events:a").arg("*").arg("data").arg("{}");
        add.arg("event_type").arg(kind);
        add.exec(&mut redis.client()).unwrap();
    }
    let service = Service::open(&redis.url()).await;
    let mut events = Events::open(&service.url("/jobs/a/stream")).await;
    let mut frames = Vec::new();
    for _ in 0..9 {
        frames.push(events.next().await.unwrap());
    }
    let (last, others) = frames.split_last().unwrap();
    assert_eq!(names(others), ["event"; 8]);
    assert!(frames.iter().all(|frame| frame.id.is_some()));
    assert_eq!(last.name, "row.1-x_Y");
    let (_, _, page) = get(&service.url("/jobs/a/events")).await;
    assert_eq!(page["events"][3]["event_type"], "bye");
}
