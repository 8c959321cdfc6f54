//! Calls to the service, and what then stands on the server: also of one that its client gave up.

use std::process::Command;

use support::{TestRedis, kinds, wait_until};
use tokio::runtime::Runtime;

use super::messages::{File, words_client::WordsClient};
use super::{ended, start};

#[test]
fn a_call_is_a_job_that_is_cancelled_with_it() {
    let redis = TestRedis::start();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("words"), "three short words").unwrap();
    // Whoever reads it waits until somebody writes.
    let made = Command::new("mkfifo").arg(path("pipe")).status();
    assert!(made.unwrap().success());
    let file = |name: &str| File {
        id: name.to_owned(),
        path: path(name),
    };

    let mut service = start(env!("CARGO_BIN_EXE_tonic_after"), "127.0.0.1:0", &redis);
    service.wait_for("\n");
    let said = service.said();
    let address = said.trim().to_owned();
    let client = Runtime::new().unwrap();
    let mut words = client.block_on(WordsClient::connect(address)).unwrap();

    let count = client.block_on(words.count(file("words"))).unwrap();
    assert_eq!(count.into_inner().words, 3);
    let events = ended(&redis, "words", 1);
    assert_eq!(
        kinds(&events),
        ["task_started", "task_progress", "task_completed"]
    );

    let none = client.block_on(words.count(file("none")));
    assert!(none.is_err());
    let events = ended(&redis, "none", 1);
    assert_eq!(kinds(&events)[2], "task_failed: error");

    let pipe = file("pipe");
    let call = client.spawn(async move { words.count(pipe).await });
    wait_until("the call is at work", || {
        redis.entries("job_events:pipe").len() == 2
    });
    call.abort();
    let events = ended(&redis, "pipe", 1);
    assert_eq!(kinds(&events)[2], "task_failed: cancelled");
}
