//! The same files through the same queue, by a worker in which nothing is annotated.

use support::{TestRedis, kinds};

use super::{ended, jobs, start};

#[test]
fn a_worker_that_nobody_has_annotated_shows_up() {
    let redis = TestRedis::start();
    let program = env!("CARGO_BIN_EXE_apalis_spans_after");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("words");
    std::fs::write(&file, "three short words").unwrap();

    let done = start(program, file.to_str().unwrap(), &redis);
    let events = ended(&redis, &jobs(&redis, 1)[0], 1);
    assert_eq!(kinds(&events), ["task_started", "task_completed"]);
    assert_eq!(events[0].data()["task_type"], "count_words");
    drop(done);

    redis.run(&["FLUSHALL"]);
    let _failed = start(program, "/there/is/none", &redis);
    let events = ended(&redis, &jobs(&redis, 1)[0], 3);
    let run = ["task_started", "task_failed: error"];
    assert_eq!(kinds(&events), run.repeat(3));
    let error = "No such file or directory (os error 2)";
    assert_eq!(events[1].data()["error"], error);
    // The span's own count says 1, 1, 2: one that goes by it says of the last that it is tried again.
    for event in events {
        assert_eq!(event.data().get("attempt"), None);
    }
}
