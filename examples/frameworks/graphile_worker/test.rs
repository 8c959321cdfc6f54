//! Files through the queue in PostgreSQL, and what then stands on the Redis server.

use std::fs;

use support::{Program, TestPostgres, TestRedis, kinds};

use super::ended;

#[test]
fn a_job_of_the_database_is_on_its_stream_with_each_attempt() {
    let (redis, postgres) = (TestRedis::start(), TestPostgres::start());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("words");
    fs::write(&file, "three short words").unwrap();
    let _worker = Program::at(env!("CARGO_BIN_EXE_graphile_worker_after"))
        .env("DATABASE_URL", postgres.url())
        .env("REDIS_URL", redis.url())
        .arg(file.to_str().unwrap())
        .arg("/there/is/none")
        .start();

    let done = ended(&redis, "1", 1);
    assert_eq!(
        kinds(&done),
        ["task_started", "task_progress", "task_completed"]
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("words.words")).unwrap(),
        "3"
    );

    let failed = ended(&redis, "2", 2);
    let run = ["task_started", "task_progress", "task_failed: error"];
    assert_eq!(kinds(&failed), run.repeat(2));
    for (attempt, run) in (1..).zip(failed.chunks(3)) {
        let ended = run[2].data();
        assert_eq!(ended["attempt"], attempt);
        assert_eq!(ended["max_attempts"], 2);
        assert_eq!(ended["will_retry"], attempt < 2);
    }
}
