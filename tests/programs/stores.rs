//! One URL takes the examples from memory to a server, and from there to a cluster.

use support::{RawEntry, TestCluster, TestRedis};

use crate::program::{DOCUMENT, Ended, Example, events_of, file};

/// The examples that end by themselves, each with what it works on.
fn run(url: &str) -> Vec<Ended> {
    let (folder, path) = file(DOCUMENT);
    let [page, spool] = ["page.html", "spool"].map(|name| folder.path().join(name));
    let [page, spool] = [&page, &spool].map(|path| path.to_str().unwrap());
    let examples: [(&str, &[&str]); 6] = [
        ("readme", &[]),
        ("quickstart", &[&path]),
        ("outline_generation", &[&path, "missing.md"]),
        ("document_generation", &[&path, page]),
        ("manual_job", &[&path]),
        ("by_hand", &[url, spool, &path]),
    ];
    let run = |(name, arguments): (&str, &[&str])| {
        let ended = Example::with(name, arguments, &[("STREAM_EVENTS_URL", url.to_owned())]).end();
        assert!(ended.is_success, "{name} on {url}: {}", ended.log);
        ended
    };
    examples.map(run).into()
}

/// What came of it, but for what is of one run or one moment.
fn outcomes(ended: &[Ended]) -> Vec<Vec<String>> {
    let kinds = |ended: &Ended| {
        let events = ended.events();
        let lasting = events
            .into_iter()
            .filter(|(_, kind, _)| kind != "task_progress");
        lasting.map(|(_, kind, _)| kind).collect()
    };
    ended.iter().map(kinds).collect()
}

/// The stream of each job has what was printed of it.
fn stands(ended: &[Ended], entries: impl Fn(&str) -> Vec<RawEntry>) {
    let mut jobs = 0;
    for ended in ended {
        let printed = ended.events();
        for job in printed.iter().map(|event| &event.2["job_id"]) {
            let of_job = printed.iter().filter(|event| event.2["job_id"] == *job);
            let of_job: Vec<_> = of_job.cloned().collect();
            let job = job.as_str().unwrap();
            assert_eq!(
                events_of(job, entries(&format!("job_events:{job}"))),
                of_job
            );
            jobs += 1;
        }
    }
    assert!(jobs > 4, "{jobs}");
}

#[test]
fn one_url_takes_each_example_from_memory_to_a_server_and_to_a_cluster() {
    let in_memory = outcomes(&run("memory:"));
    assert!(in_memory.iter().flatten().count() > 10, "{in_memory:?}");
    let redis = TestRedis::start();
    let on_redis = run(&redis.url());
    assert_eq!(outcomes(&on_redis), in_memory);
    stands(&on_redis, |key| redis.entries(key));
    let cluster = TestCluster::start(3, 0);
    let on_cluster = run(&cluster.url());
    assert_eq!(outcomes(&on_cluster), in_memory);
    stands(&on_cluster, |key| cluster.entries(key));
}
