//! Row 39: values that are giant, that JSON has no word for, or that fail while they are written. The
//! event comes all the same, and the job gets what it returned.
#![allow(clippy::unwrap_used)]

mod installed;

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use installed::{events, pause, publisher};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use stream_events::{Fields, MAX_PAYLOAD, Reader, job_events, publish};
use support::TestRedis;

fn data_sizes(job_id: &str) -> Vec<usize> {
    let entries = TestRedis::shared().entries(&format!("job_events:{job_id}"));
    entries
        .iter()
        .map(|entry| entry.field("data").len())
        .collect()
}

#[job_events(task_type = "t", fields(text, rows), ret)]
async fn giant(job_id: &str, text: String, rows: &[u64]) -> Result<String, String> {
    publish!("of_all", text = &text, rows, of = job_id);
    match rows.len() {
        0 => Err(text),
        _ => Ok(text),
    }
}

#[tokio::test]
async fn a_giant_argument_result_or_error_is_cut_and_says_so() {
    publisher();
    const GIANT: usize = 3_000_000;
    let rows: Vec<_> = (0..100_000_u64).collect();
    let text = "文".repeat(GIANT / 3);
    let returned = giant("giant", text.clone(), &rows).await;
    assert!(returned.is_ok_and(|returned| returned == text));
    assert!(giant("giant_error", text, &[]).await.is_err());
    for job_id in ["giant", "giant_error"] {
        let events = events(job_id).await;
        assert_eq!(events.len(), 3);
        for event in &events {
            assert_eq!(event["truncated"], true, "{job_id}");
            assert!(event["original_size"].as_u64().unwrap() as usize > GIANT - 3);
        }
        let sizes = data_sizes(job_id);
        let is_cut = |size: &usize| (MAX_PAYLOAD / 2..=MAX_PAYLOAD).contains(size);
        assert!(sizes.iter().all(is_cut), "{sizes:?}");
    }
    assert_eq!(
        events("giant").await[1]["of"],
        "giant",
        "what is short stays"
    );
}

#[job_events(task_type = "t", fields(nan = f64::NAN, infinite = f32::NEG_INFINITY), ret)]
async fn no_numbers(job_id: &str) -> (f64, f32) {
    publish!(
        "row",
        least = f64::MIN_POSITIVE,
        most = u128::MAX,
        of = job_id
    );
    (f64::INFINITY, 0.5)
}

#[tokio::test]
async fn a_number_that_json_lacks_is_null() {
    publisher();
    assert_eq!(no_numbers("numbers").await, (f64::INFINITY, 0.5));
    let events = events("numbers").await;
    assert_eq!(
        (&events[0]["nan"], &events[0]["infinite"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(events[1]["least"], f64::MIN_POSITIVE);
    let raw = TestRedis::shared().entries("job_events:numbers");
    assert!(
        raw[1]
            .field("data")
            .contains(&format!("\"most\":{}", u128::MAX))
    );
    assert_eq!(events[2]["result"], json!([null, 0.5]));
}

/// Serialises to an error, or not even to that.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Broken {
    Fails,
    Panics,
}

impl Serialize for Broken {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fails => Err(serde::ser::Error::custom("no such thing")),
            Self::Panics => panic!("in the middle"),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fails => Err(fmt::Error),
            Self::Panics => panic!("in the middle"),
        }
    }
}

#[job_events(task_type = "t", fields(broken, %shown, after = 1), ret)]
async fn breaks(job_id: &str, broken: Broken, shown: Broken) -> Result<[Broken; 1], Broken> {
    publish!("row", broken, after = job_id);
    pause().await;
    if broken == shown {
        Ok([broken])
    } else {
        Err(shown)
    }
}

#[tokio::test]
async fn a_value_that_cannot_be_written_says_so_in_its_place() {
    use Broken::{Fails, Panics};
    publisher();
    for (job_id, broken, why) in [
        ("fails", Fails, "values::Broken: no such thing"),
        ("panics", Panics, "values::Broken: panicked"),
    ] {
        assert_eq!(breaks(job_id, broken, broken).await, Ok([broken]));
        let events = events(job_id).await;
        let unserializable = json!({ "$unserializable": why });
        assert_eq!(events[0]["broken"], unserializable);
        assert_eq!(events[0]["after"], 1);
        assert_eq!(events[1]["after"], job_id);
        let result = events[2]["result"]["$unserializable"].as_str().unwrap();
        assert!(result.starts_with("[values::Broken; 1]: "), "{result}");
    }
    assert_eq!(breaks("error", Fails, Panics).await, Err(Panics));
    let end = &events("error").await[2];
    assert_eq!(end["error_kind"], "error");
    assert!(
        end["error"].as_str().unwrap().contains("does not display"),
        "{end}"
    );
}

#[job_events(task_type = "t", fields(path, shown = path.display().to_string(), ?debugged))]
async fn reads(job_id: &str, path: &Path, debugged: &Path) {
    publish!("row", name = job_id);
}

#[tokio::test]
async fn bytes_that_are_no_text_stay_readable() {
    publisher();
    let path = Path::new(OsStr::from_bytes(b"a\xff\xfe\x1b[2J\n"));
    reads("bytes", path, path).await;
    let start = &events("bytes").await[0];
    let why = start["path"]["$unserializable"].as_str().unwrap();
    assert!(why.contains("path contains invalid UTF-8"), "{why}");
    assert_eq!(start["shown"], "a\u{fffd}\u{fffd}\u{1b}[2J\n");
    assert_eq!(start["debugged"], r#""a\xFF\xFE\u{1b}[2J\n""#);
}

#[tokio::test]
async fn what_nests_deeper_than_readers_go_is_kept_and_read() {
    const DEPTH: usize = 1000;
    let nested = (0..DEPTH).fold(json!(1), |inner, _| json!([inner]));
    let job = publisher().job("deep", "t").unwrap();
    job.emit(
        "row",
        Fields::new().field("nested", &nested).field("after", &1),
    );
    job.completed(&nested);
    assert!(publisher().flush(installed::SOON).await.complete);
    let reader = Reader::connect(TestRedis::shared().url()).unwrap();
    let mut history = reader.history("deep").unwrap();
    let mut seqs = Vec::new();
    while let Some(event) = history.next().await {
        let event = event.unwrap();
        seqs.extend(event.seq());
        if event.seq() == Some(1) {
            assert!(event.data().contains(&"[".repeat(DEPTH)));
            assert_eq!(event.field::<u8>("after").unwrap(), Some(1));
        }
    }
    assert_eq!(seqs, [0, 1, 2]);
}
