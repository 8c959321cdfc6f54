//! A cluster: failovers of each kind, and slots that move.

use std::collections::{BTreeMap, BTreeSet};
use std::thread::sleep;
use std::time::{Duration, Instant};

use support::{SHARDS, TestCluster, TestRedis};

use crate::evidence::Found;
use crate::feeds::Follower;
use crate::fleet::Servers;
use crate::random::Random;
use crate::run::{self, LEASES};
use crate::watchers::Watchers;

/// What befalls the servers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    /// An operator asks for a failover, by which nothing is lost.
    Asked,
    /// A master is killed while its replica has no link to it.
    Killed,
    /// The same, frozen for so long that its replica is the master when it goes on, which it has to be told.
    Frozen,
    /// Slots move from one master to another, by which nothing is lost.
    Moved,
}

impl Servers for TestCluster {
    type Event = Event;

    const EVENTS: [Event; 4] = [Event::Asked, Event::Killed, Event::Frozen, Event::Moved];
    const PART: u64 = 5;

    fn start() -> Self {
        Self::start(MASTERS, MASTERS)
    }

    fn url(&self) -> String {
        self.url()
    }

    fn first(&self) -> &TestRedis {
        self.server(0)
    }

    fn watched(&self) -> (Watchers, Option<Follower>) {
        let url = self.url();
        (Watchers::start_twice(&url), Some(Follower::start(&url)))
    }

    fn wait(&self) {
        self.wait_until_whole(MASTERS);
    }

    fn masters(&self) -> BTreeSet<usize> {
        self.masters().into_iter().collect()
    }

    fn suffer(&mut self, event: Event, random: &mut Random) -> (bool, String) {
        let master = random.pick(&self.masters());
        let replica = self.replicas_of(master)[0];
        match event {
            Event::Asked => {
                self.on(replica, &["CLUSTER", "FAILOVER"]);
                is_relieved(self, master, replica);
            }
            Event::Moved => move_slots(self, master, random),
            Event::Killed => {
                cut_off(self, master, replica, random);
                self.kill(master);
                rejoin(self, replica);
                is_relieved(self, master, replica);
                self.restart(master);
            }
            Event::Frozen => {
                cut_off(self, master, replica, random);
                self.freeze(master);
                rejoin(self, replica);
                is_relieved(self, master, replica);
                self.thaw(master);
            }
        }
        // As long as a master may have taken something when it was none any more.
        self.wait_until_whole(MASTERS);
        let is_lossy = matches!(event, Event::Killed | Event::Frozen);
        (is_lossy, format!("of server {master}"))
    }

    /// Those of all shards of the index.
    fn leases(&self) -> Vec<String> {
        let keys = SHARDS.iter().map(|tag| format!("{LEASES}:{{{tag}}}"));
        keys.flat_map(|key| run::leases_of(self.server(self.owner(&key)), &key))
            .collect()
    }

    fn streams(&self) -> BTreeMap<String, Vec<Found>> {
        let masters = self.masters().into_iter();
        run::streams(masters.map(|master| self.server(master)))
    }
}

/// What the master takes from here on its replica has not: it comes with a password that the master does not
/// know.
fn cut_off(cluster: &TestCluster, master: usize, replica: usize, random: &mut Random) {
    cluster.server(replica).configure("masterauth", "wrong");
    cluster.on(master, &["CLIENT", "KILL", "TYPE", "replica"]);
    sleep(Duration::from_millis(random.within(50..500)));
}

fn rejoin(cluster: &TestCluster, replica: usize) {
    cluster.server(replica).configure("masterauth", "");
}

/// Waits until its replica is the master; where the others do not vote for it, as after slots that have just
/// moved, it takes over as by an operator's hand.
fn is_relieved(cluster: &TestCluster, master: usize, replica: usize) {
    let until = Instant::now() + VOTED_IN;
    let is_master = |cluster: &TestCluster| cluster.masters().contains(&master);
    while is_master(cluster) && Instant::now() < until {
        sleep(Duration::from_millis(20));
    }
    if is_master(cluster) {
        let mut command = redis::cmd("CLUSTER");
        let command = command.arg("FAILOVER").arg("TAKEOVER");
        // Refused by one that has been voted in just now, of which the others have yet to hear.
        let _ = command.exec(&mut cluster.server(replica).client());
    }
    cluster.wait("another is the master", |cluster| !is_master(cluster));
}

/// Those of streams, and of the index, as the chance has it.
fn move_slots(cluster: &TestCluster, from: usize, random: &mut Random) {
    let mut others = cluster.masters();
    others.retain(|master| *master != from);
    let to = random.pick(&others);
    let keys = run::keys(cluster.server(from), "job_*");
    let slots = keys.iter().take(SLOTS).map(|key| cluster.slot(key));
    let slots: Vec<_> = slots.collect();
    for slot in slots {
        cluster.move_slot(slot, to);
    }
}

const MASTERS: usize = 3;
/// As many as an operator moves at a time.
const SLOTS: usize = 20;
/// Longer than it takes for a server to be held to be down, and for a vote.
const VOTED_IN: Duration = Duration::from_secs(6);
