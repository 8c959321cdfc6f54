//! Files through the queue, and what then stands on the server, beside the queue's own keys.

use support::{TestRedis, kinds};

use super::{ended, jobs, start};

#[test]
fn a_task_is_a_job_under_its_own_id() {
    let redis = TestRedis::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("words");
    std::fs::write(&file, "three short words").unwrap();
    let _worker = start(
        env!("CARGO_BIN_EXE_apalis_after"),
        file.to_str().unwrap(),
        &redis,
    );

    let id = &jobs(&redis, 1)[0];
    let events = ended(&redis, id, 1);
    assert_eq!(
        kinds(&events),
        ["task_started", "task_progress", "task_completed"]
    );
    assert_eq!(events[1].data()["attempt"], 1);
    let task = format!("apalis_after::File:meta:{id}");
    let is_task = redis::cmd("EXISTS").arg(task).query(&mut redis.client());
    assert_eq!(is_task, Ok(true));
}

#[test]
fn each_attempt_is_a_run_of_the_same_job_and_the_first_is_number_one() {
    let redis = TestRedis::start();
    let _worker = start(env!("CARGO_BIN_EXE_apalis_after"), "/there/is/none", &redis);

    let id = &jobs(&redis, 1)[0];
    let events = ended(&redis, id, 3);
    let run = ["task_started", "task_progress", "task_failed: error"];
    assert_eq!(kinds(&events), run.repeat(3));
    for (attempt, run) in (1..).zip(events.chunks(3)) {
        let ended = run[2].data();
        assert_eq!(ended["attempt"], attempt);
        assert_eq!(ended["will_retry"], attempt < 3);
    }
}
