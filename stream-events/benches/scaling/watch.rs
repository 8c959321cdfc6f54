//! What watchers cost: on the connection of a hub, on one each, and of a hub that is told of what it does not read.

use std::env;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use stream_events::{Item, Reader, Watch};
use support::Program;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::part::Numbers;
use crate::publish::{BEGUN, job_id, runtime};
use crate::servers::Asked;

const TICK: Duration = Duration::from_millis(2);
/// What is settled by then is settled.
const REST: Duration = Duration::from_millis(300);
const LATE: Duration = Duration::from_secs(60);

/// URL, servers, `none`, `idle`, `hub` or `own`, jobs and events of each: a job has a watch, or none has, or
/// one that nothing happens to.
pub(crate) fn part(arguments: &[String]) -> Numbers {
    let [url, servers, kind, jobs, events] = arguments else {
        panic!("{arguments:?}")
    };
    let jobs: u64 = jobs.parse().unwrap();
    let watched = match kind.as_str() {
        "none" => 0..0,
        "idle" => jobs..jobs + 1,
        _ => 0..jobs,
    };
    let mut asked = Asked::of(servers);
    let at_first = asked.now();
    let go = env::temp_dir().join(format!("scaling-{}", std::process::id()));
    let mut writer = Program::at(env::current_exe().unwrap()).patience(LATE);
    for argument in [
        "--part",
        "write",
        url,
        &go.to_string_lossy(),
        &jobs.to_string(),
        events,
    ] {
        writer = writer.arg(argument);
    }
    let mut writer = writer.start();
    writer.wait_for(BEGUN);
    let reader = Reader::connect(url.as_str()).unwrap();
    let hub = reader.hub();
    let count = watched.end - watched.start;
    let read = Arc::new(AtomicU64::new(0));
    let mut numbers = runtime().block_on(async {
        let alone = asked.now();
        let memory = resident();
        let mut watches = JoinSet::new();
        for n in watched {
            let watch = if kind == "own" {
                reader.watch(job_id(n))
            } else {
                hub.watch(job_id(n))
            };
            watches.spawn(follow(watch.unwrap(), Arc::clone(&read)));
        }
        // Each has read that its job has begun, so that it waits.
        while read.load(Relaxed) < count {
            sleep(TICK).await;
        }
        sleep(REST).await;
        let before = asked.now();
        let mut numbers = of(&["clients", "memory"], "watches_", before.since(alone));
        numbers.extend(of(&["clients"], "writer_", alone.since(at_first)));
        numbers.push(("watches_kib".to_owned(), resident() - memory));
        fs::write(&go, "").unwrap();
        let exit = tokio::task::spawn_blocking(move || writer.wait())
            .await
            .unwrap();
        assert!(exit.status.success(), "{}", exit.said);
        while let Some(watch) = watches.join_next().await {
            watch.unwrap();
        }
        numbers.extend(asked.now().since(before));
        numbers
    });
    fs::remove_file(go).unwrap();
    let read = (read.load(Relaxed) - count) as f64;
    numbers.push(("read".to_owned(), read));
    numbers
}

fn of(names: &[&str], prefix: &str, numbers: Numbers) -> Numbers {
    let is_it = |(name, _): &(String, f64)| names.contains(&name.as_str());
    let named = |(name, value)| (format!("{prefix}{name}"), value);
    numbers.into_iter().filter(is_it).map(named).collect()
}

/// To the end of its job, which is read, too.
async fn follow(mut watch: Watch, read: Arc<AtomicU64>) {
    while let Some(item) = watch.next().await {
        assert!(matches!(item.unwrap(), Item::Event(_)), "a gap");
        read.fetch_add(1, Relaxed);
    }
}

/// KiB that this process has in memory.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let now = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    now.unwrap().trim().trim_end_matches(" kB").parse().unwrap()
}
