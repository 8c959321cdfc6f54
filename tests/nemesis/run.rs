//! One run of the nemesis: producers work, things go wrong, all is healed, and the evidence is taken.

use std::collections::{BTreeMap, HashMap};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use stream_events::{EventId, Reader};
use support::{Proxy, TestRedis};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::checker::OCCUPIED;
use crate::crew::{Crew, url};
use crate::evidence::{Evidence, Found, View, Wire};
use crate::lanes::{Lane, Machine, Network, USER};
use crate::producer::Assignment;
use crate::pulse::Pulse;
use crate::schedule::{self, Extent, Fault};
use crate::watchers::{Watchers, look_back};

/// What the server is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disk {
    /// Nothing that was acknowledged is lost.
    Synced,
    /// A crash takes everything.
    None,
}

/// Plays all of it, the producers by this test.
pub(crate) fn run(test: &'static str, extent: &Extent, disk: Disk) -> (Vec<Fault>, Evidence) {
    let mut server = server(disk);
    let folder = TempDir::new().unwrap();
    let proxies: Vec<_> = (0..=extent.producers).map(|_| Proxy::to(&server)).collect();
    let (workers, readers) = proxies.split_at(extent.producers);
    let watchers = Watchers::start(&server.url(), &url(&readers[0]));
    let followed = watchers.jobs();
    let follow = move |started: &Assignment| followed.send(started.long_job()).unwrap();
    let like = assignment(extent.seed, disk, &folder, &server);
    let patience = extent.lasts + HEALED_IN;
    let urls = workers.iter().map(url).collect();
    let mut crew = Crew::start_all(test, urls, workers, &like, patience, follow);

    let lists = schedule::faults(extent);
    let pulse = Pulse::start();
    let begun = Instant::now();
    let mut machine = Machine {
        server: &mut server,
        crashes: Vec::new(),
    };
    scope(|threads| {
        threads.spawn(|| Network(&proxies).run(&lists[0], begun));
        threads.spawn(|| machine.run(&lists[1], begun));
        crew.run(&lists[2], begun);
        sleep(extent.lasts.saturating_sub(begun.elapsed()));
    });
    let crashes = machine.crashes;
    crew.finish();
    let stalls = pulse.finish();
    let faults: Vec<_> = lists.into_iter().flatten().collect();
    let wires = (0..extent.producers).map(|producer| {
        let meets = faults.iter().filter(|fault| fault.meets(producer));
        let allowed: usize = meets.map(Fault::connections).sum();
        Wire {
            producer,
            connections: workers[producer].traffic().connections,
            allowed: allowed + CONNECTS_AT_START * crew.processes(producer),
        }
    });
    let wires = wires.collect();
    let leases = leases_left(|| leases_of(&server, LEASES));
    let streams = streams([&server]);
    let lives = crew.into_lives();
    let views = views(&server.url(), &streams, watchers);
    let evidence = Evidence {
        losses: if disk == Disk::None {
            crashes
        } else {
            Vec::new()
        },
        stalls,
        lives,
        streams,
        views,
        wires,
        leases,
        most_memory: MOST_MEMORY + like.replay_bytes as u64 / 1024,
    };
    (faults, evidence)
}

fn server(disk: Disk) -> TestRedis {
    let disk: &[&str] = match disk {
        Disk::Synced => &["--appendonly", "yes", "--appendfsync", "always"],
        Disk::None => &["--appendonly", "no"],
    };
    let user = ["--user", USER, "on", ">secret", "~*", "&*", "+@all"];
    TestRedis::with(&[disk, &user].concat())
}

pub(crate) fn assignment(
    seed: u64,
    disk: Disk,
    folder: &TempDir,
    server: &TestRedis,
) -> Assignment {
    // What takes the key would be gone with the rest.
    let occupied = (disk == Disk::Synced).then(|| OCCUPIED.to_owned());
    if let Some(job) = &occupied {
        server.occupy(&format!("{PREFIX}{job}"));
    }
    Assignment {
        url: String::new(),
        folder: folder.path().to_owned(),
        seed,
        producer: 0,
        generation: 0,
        queue_bytes: 0,
        delivery_timeout: None,
        spool: None,
        replay_bytes: match disk {
            Disk::Synced => stream_events::DEFAULT_REPLAY_BYTES,
            // All that a process of the nemesis ever emits.
            Disk::None => 8 * stream_events::DEFAULT_REPLAY_BYTES,
        },
        lease: LEASE,
        occupied,
    }
}

/// Those that are not given up, or declared lost, within a time that is enough for that.
pub(crate) fn leases_left(leases: impl Fn() -> Vec<String>) -> Vec<String> {
    let until = Instant::now() + REAPED_IN;
    loop {
        let mut leases = leases();
        // There is no stream to say it on.
        leases.retain(|lease| !lease.ends_with(OCCUPIED));
        if leases.is_empty() || Instant::now() > until {
            return leases;
        }
        sleep(Duration::from_millis(50));
    }
}

/// Those of this key.
pub(crate) fn leases_of(server: &TestRedis, key: &str) -> Vec<String> {
    let mut command = redis::cmd("ZRANGE");
    let command = command.arg(key).arg(0).arg(-1);
    command.query(&mut server.client()).unwrap()
}

/// Those of servers that have different ones.
pub(crate) fn streams<'a>(
    servers: impl IntoIterator<Item = &'a TestRedis>,
) -> BTreeMap<String, Vec<Found>> {
    servers.into_iter().flat_map(streams_of).collect()
}

fn streams_of(server: &TestRedis) -> BTreeMap<String, Vec<Found>> {
    let mut keys = keys(server, &format!("{PREFIX}*"));
    // Of a slot that went to another server, one may have keys that nobody finds there any more.
    keys.retain(|key| {
        let mut found = redis::cmd("TYPE");
        found.arg(key).exec(&mut server.client()).is_ok()
    });
    let jobs = keys.iter().filter_map(|key| key.strip_prefix(PREFIX));
    let stream = |job: &str| {
        let entries = server.entries(&format!("{PREFIX}{job}"));
        (job.to_owned(), entries.iter().map(Found::from).collect())
    };
    jobs.filter(|job| *job != OCCUPIED).map(stream).collect()
}

pub(crate) fn keys(server: &TestRedis, pattern: &str) -> Vec<String> {
    let mut keys = redis::cmd("KEYS");
    keys.arg(pattern).query(&mut server.client()).unwrap()
}

/// Those of the readers that were there all the time, and of one who comes when all is over.
pub(crate) fn views(
    url: &str,
    streams: &BTreeMap<String, Vec<Found>>,
    watchers: Watchers,
) -> Vec<View> {
    let last = |events: &Vec<Found>| events.iter().map(|event| event.id).max();
    let ids = streams
        .iter()
        .filter_map(|(job, events)| Some((job.clone(), last(events)?)));
    let ids: HashMap<String, EventId> = ids.collect();
    let mut views = watchers.finish(ids.clone());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let reader = Reader::connect(url).unwrap();
    let jobs: Vec<_> = streams.keys().collect();
    for jobs in jobs.chunks(READERS) {
        let looks = jobs.iter().map(|job| {
            let end = ids.get(*job).copied();
            look_back(reader.clone(), (*job).clone(), end)
        });
        let seen = runtime.block_on(async { JoinSet::from_iter(looks).join_all().await });
        let are_whole = seen.iter().all(|view| view.is_whole);
        views.extend(seen);
        // The others would take as long.
        if !are_whole {
            break;
        }
    }
    views
}

/// At a time.
const READERS: usize = 32;
const PREFIX: &str = "job_events:";
pub(crate) const LEASES: &str = "job_index:active";
/// Short, so that runs are declared lost while the nemesis goes on.
const LEASE: Duration = Duration::from_millis(600);
/// From the last fault on.
pub(crate) const HEALED_IN: Duration = Duration::from_secs(120);
const REAPED_IN: Duration = Duration::from_secs(40);
const CONNECTS_AT_START: usize = 2;
/// Of a process with nothing to replay, in KiB.
pub(crate) const MOST_MEMORY: u64 = 96 * 1024;
