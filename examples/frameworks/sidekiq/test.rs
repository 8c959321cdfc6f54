//! Files through the queue, and what then stands on the server.

use std::fs;

use support::{TestRedis, kinds};

use super::{ended, start};

#[test]
fn a_boxed_future_is_a_job_until_its_work_is_done() {
    let redis = TestRedis::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("words");
    fs::write(&file, "three short words").unwrap();
    let program = env!("CARGO_BIN_EXE_sidekiq_after");

    let done = start(program, file.to_str().unwrap(), &redis);
    let events = ended(&redis, "1", 1);
    assert_eq!(
        kinds(&events),
        ["task_started", "task_progress", "task_completed"]
    );
    let words = fs::read_to_string(folder.path().join("words.words"));
    assert_eq!(words.unwrap(), "3");
    drop(done);

    redis.run(&["FLUSHALL"]);
    let _failed = start(program, "/there/is/none", &redis);
    let events = ended(&redis, "1", 1);
    assert_eq!(
        kinds(&events),
        ["task_started", "task_progress", "task_failed: error"]
    );
    let error = "No such file or directory (os error 2)";
    assert_eq!(events[2].data()["error"], error);
}
