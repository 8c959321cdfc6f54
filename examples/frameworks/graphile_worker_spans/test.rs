//! The same files through the same queue, by a worker in which nothing is annotated.

use std::fs;

use support::{Program, TestPostgres, TestRedis, kinds};

use super::ended;

#[test]
fn jobs_of_a_worker_that_nobody_has_annotated_show_up_with_their_ends() {
    let (redis, postgres) = (TestRedis::start(), TestPostgres::start());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("words");
    fs::write(&file, "three short words").unwrap();
    let _worker = Program::at(env!("CARGO_BIN_EXE_graphile_worker_spans_after"))
        .env("DATABASE_URL", postgres.url())
        .env("REDIS_URL", redis.url())
        .arg(file.to_str().unwrap())
        .arg("/there/is/none")
        .start();

    let done = ended(&redis, "1", 1);
    assert_eq!(kinds(&done), ["task_started", "task_completed"]);
    assert_eq!(done[0].data()["task_type"], "count_words");
    assert_eq!(done[1].data().get("outcome"), None);

    let failed = ended(&redis, "2", 1);
    assert_eq!(kinds(&failed)[..2], ["task_started", "task_failed: error"]);
    let failed = failed[1].data();
    assert!(failed["error"].as_str().unwrap().starts_with("TaskError("));
    assert_eq!(failed["will_retry"], true);
}
