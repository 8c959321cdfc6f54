//! What a killed process had sent and what comes late, when others have missed it already.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use stream_events::Reader;
use support::TestRedis;

/// Rows 7 and 25: an event of the run behind its end would leave it open, and nobody would look again.
#[tokio::test]
async fn nothing_of_a_lost_run_comes_behind_its_end() {
    let redis = TestRedis::start();
    let mut client = redis.client();
    let mut add = |id: &str, kind: &str, seq: u64| {
        let data = json!({"event_type": kind, "run": "r1", "seq": seq}).to_string();
        let mut add = redis::cmd("XADD");
        add.arg("job_events:job_001").arg(id).arg("data").arg(data);
        add.arg("timestamp").arg("").arg("event_type").arg(kind);
        add.exec(&mut client)
    };
    add("*", "task_started", 0).unwrap();
    redis.run(&["ZADD", "job_index:active", "1", "r1:job_001"]);
    // Given its id before the run is missed, and sent after.
    let now = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_millis()
    };
    let given = now() + 1;
    let late = format!("{given}-0");
    while now() <= given {
        tokio::task::yield_now().await;
    }
    let reader = Reader::connect(redis.url()).unwrap();
    let mut reaper = reader.with_grace(Duration::from_millis(50)).reaper();
    while reaper.reap().await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let refused = add(&late, "row", 1).unwrap_err();
    assert!(
        refused.to_string().contains("equal or smaller"),
        "{refused}"
    );
    let last = redis.entries("job_events:job_001").pop().unwrap();
    assert_eq!(last.data()["error_kind"], "lost");
}
