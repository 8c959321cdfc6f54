//! A schedule at work on a folder, and what stands on the server after its first runs.

use std::fs;

use support::{Program, TestCluster, TestRedis, kinds, wait_until};

use super::{ended, jobs, start};

#[test]
fn each_run_of_a_schedule_is_a_job_that_names_the_schedule() {
    let redis = TestRedis::start();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("old"), "").unwrap();
    let path = folder.path().to_str().unwrap();
    let _scheduler = start(env!("CARGO_BIN_EXE_cron_after"), path, &redis);

    let id = &jobs(&redis, 1)[0];
    let first = ended(&redis, id, 1);
    assert_eq!(
        kinds(&first),
        ["task_started", "task_progress", "task_completed"]
    );
    assert_eq!(first[1].data()["progress"], r#"removing "old""#);
    assert_eq!(first[2].data()["result"], 1);

    fs::remove_dir(path).unwrap();
    // One may have begun before.
    let so_far = jobs(&redis, 1).len();
    let later = jobs(&redis, so_far + 2).pop().unwrap();
    let later = ended(&redis, &later, 1);
    assert_eq!(kinds(&later), ["task_started", "task_failed: error"]);
    assert_eq!(later[0].data()["schedule"], first[0].data()["schedule"]);
}

#[test]
fn a_schedule_has_its_jobs_on_a_cluster_by_its_url_alone() {
    let cluster = TestCluster::start(3, 0);
    let folder = tempfile::tempdir().unwrap();
    let _scheduler = Program::at(env!("CARGO_BIN_EXE_cron_after"))
        .arg(folder.path().to_str().unwrap())
        .env("REDIS_URL", cluster.url())
        .start();
    let keys = |n| -> Vec<String> {
        let mut command = redis::cmd("KEYS");
        let client = &mut cluster.server(n).client();
        command.arg("job_events:*").query(client).unwrap()
    };
    let is_swept = |key: &String| {
        let entries = cluster.entries(key);
        kinds(&entries) == ["task_started", "task_completed"]
    };
    wait_until("a job stands on a server of the cluster", || {
        (0..3).flat_map(keys).any(|key| is_swept(&key))
    });
}
