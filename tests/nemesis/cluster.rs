//! One run of the nemesis on a cluster: failovers of each kind, and slots that move, while producers work
//! and are killed.

use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use support::{SHARDS, TestCluster};
use tempfile::TempDir;

use crate::crew::Crew;
use crate::evidence::Evidence;
use crate::feeds::Follower;
use crate::history::now;
use crate::lanes::Lane;
use crate::producer::Assignment;
use crate::pulse::Pulse;
use crate::random::Random;
use crate::run::{self, Disk, HEALED_IN, LEASES, MOST_MEMORY};
use crate::sentinel::{LEASE, PROCESSES_LAST, PRODUCERS, SETTLED, processes};
use crate::watchers::Watchers;

/// What befalls the servers.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// An operator asks for a failover, by which nothing is lost.
    Asked,
    /// A master is killed while its replica has no link to it.
    Killed,
    /// The same, frozen for so long that its replica is the master when it goes on, which it has to be told.
    Frozen,
    /// Slots move from one master to another, by which nothing is lost.
    Moved,
}

/// Each of them comes once in each round, in another order.
const EVENTS: [Event; 4] = [Event::Asked, Event::Killed, Event::Frozen, Event::Moved];
/// Until no new round is begun.
const LASTS: Duration = Duration::from_secs(8);
const MASTERS: usize = 3;
/// As many as an operator moves at a time.
const SLOTS: usize = 20;
/// Longer than it takes for a server to be held to be down, and for a vote.
const VOTED_IN: Duration = Duration::from_secs(6);
/// Of the seed, which others have other parts of.
const PART: u64 = 5;

/// Plays all of it, the producers by this test. What happened is told in its order.
pub(crate) fn run(test: &'static str, seed: u64) -> (Vec<String>, Evidence) {
    let mut cluster = TestCluster::start(MASTERS, MASTERS);
    cluster.wait_until_whole(MASTERS);
    let (folder, url) = (TempDir::new().unwrap(), cluster.url());
    let watchers = Watchers::start_twice(&url);
    let feed = Follower::start(&url);
    let followed = watchers.jobs();
    let follow = move |started: &Assignment| followed.send(started.long_job()).unwrap();
    let like = Assignment {
        lease: LEASE,
        ..run::assignment(seed, Disk::None, &folder, cluster.server(0))
    };
    let urls = vec![url.clone(); PRODUCERS];
    let mut crew = Crew::start_all(test, urls, &[], &like, PROCESSES_LAST + HEALED_IN, follow);

    let (pulse, begun) = (Pulse::start(), Instant::now());
    let processes = processes(seed);
    let mut fleet = Fleet::new(&mut cluster, seed);
    scope(|threads| {
        threads.spawn(|| fleet.suffer_all(begun));
        crew.run(&processes, begun);
    });
    let (losses, mut told) = (fleet.losses, fleet.told);
    told.extend(processes.iter().map(ToString::to_string));
    crew.finish();
    let stalls = pulse.finish();
    let leases = run::leases_left(|| leases(&cluster));
    let masters = cluster.masters();
    let streams = run::streams(masters.into_iter().map(|master| cluster.server(master)));
    let lives = crew.into_lives();
    let views = run::views(&url, &streams, watchers);
    told.push(format!("a feed had {} events", feed.finish()));
    let evidence = Evidence {
        losses,
        stalls,
        lives,
        streams,
        views,
        // Who connects how often is not to be seen without a proxy.
        wires: Vec::new(),
        leases,
        most_memory: MOST_MEMORY + like.replay_bytes as u64 / 1024,
    };
    (told, evidence)
}

/// Those of all shards of the index.
fn leases(cluster: &TestCluster) -> Vec<String> {
    let keys = SHARDS.iter().map(|tag| format!("{LEASES}:{{{tag}}}"));
    keys.flat_map(|key| run::leases_of(cluster.server(cluster.owner(&key)), &key))
        .collect()
}

/// The servers of the cluster.
struct Fleet<'a> {
    cluster: &'a mut TestCluster,
    random: Random,
    /// From when on what a master took may be lost, and until when.
    losses: Vec<(u64, u64)>,
    told: Vec<String>,
}

impl<'a> Fleet<'a> {
    fn new(cluster: &'a mut TestCluster, seed: u64) -> Self {
        Self {
            cluster,
            random: Random::of(seed, PART),
            losses: Vec::new(),
            told: Vec::new(),
        }
    }

    fn suffer_all(&mut self, begun: Instant) {
        while begun.elapsed() < LASTS {
            let mut left = EVENTS.to_vec();
            while !left.is_empty() {
                let next = self.random.within(0..left.len() as u64) as usize;
                sleep(Duration::from_millis(self.random.within(50..600)));
                let (event, at) = (left.swap_remove(next), begun.elapsed());
                let master = self.any_master();
                self.suffer(event, master);
                self.cluster.wait_until_whole(MASTERS);
                let lasts = begun.elapsed() - at;
                let told = format!("at {at:.2?} for {lasts:.2?}: {event:?}, of server {master}");
                self.told.push(told);
            }
        }
        sleep(SETTLED);
    }

    fn any_master(&mut self) -> usize {
        let masters = self.cluster.masters();
        self.random.pick(&masters)
    }

    fn suffer(&mut self, event: Event, master: usize) {
        let (replica, from) = (self.cluster.replicas_of(master)[0], now());
        match event {
            Event::Asked => {
                self.cluster.on(replica, &["CLUSTER", "FAILOVER"]);
                self.is_relieved(master, replica);
                return;
            }
            Event::Moved => return self.move_slots(master),
            Event::Killed => {
                self.cut_off(master, replica);
                self.cluster.kill(master);
                self.rejoin(replica);
                self.is_relieved(master, replica);
                self.cluster.restart(master);
            }
            Event::Frozen => {
                self.cut_off(master, replica);
                self.cluster.freeze(master);
                self.rejoin(replica);
                self.is_relieved(master, replica);
                self.cluster.thaw(master);
            }
        }
        // As long as it may have taken something when it was none any more.
        self.cluster.wait_until_whole(MASTERS);
        self.losses.push((from, now()));
    }

    /// What the master takes from here on its replica has not: it comes with a password that the master
    /// does not know.
    fn cut_off(&mut self, master: usize, replica: usize) {
        self.cluster
            .server(replica)
            .configure("masterauth", "wrong");
        self.cluster
            .on(master, &["CLIENT", "KILL", "TYPE", "replica"]);
        sleep(Duration::from_millis(self.random.within(50..500)));
    }

    fn rejoin(&self, replica: usize) {
        self.cluster.server(replica).configure("masterauth", "");
    }

    /// Waits until its replica is the master; where the others do not vote for it, as after slots that have
    /// just moved, it takes over as by an operator's hand.
    fn is_relieved(&self, master: usize, replica: usize) {
        let until = Instant::now() + VOTED_IN;
        let is_master = |cluster: &TestCluster| cluster.masters().contains(&master);
        while is_master(self.cluster) && Instant::now() < until {
            sleep(Duration::from_millis(20));
        }
        if is_master(self.cluster) {
            self.cluster
                .on(replica, &["CLUSTER", "FAILOVER", "TAKEOVER"]);
        }
        self.cluster
            .wait("another is the master", |cluster| !is_master(cluster));
    }

    /// Those of streams, and of the index, as the chance has it.
    fn move_slots(&mut self, from: usize) {
        let mut others = self.cluster.masters();
        others.retain(|master| *master != from);
        let to = self.random.pick(&others);
        let keys = run::keys(self.cluster.server(from), "job_*");
        let slots = keys.iter().take(SLOTS).map(|key| self.cluster.slot(key));
        let slots: Vec<_> = slots.collect();
        for slot in slots {
            self.cluster.move_slot(slot, to);
        }
    }
}
