//! Servers that sentinels watch: failovers of each kind, and sentinels that are away.

use std::collections::{BTreeMap, BTreeSet};
use std::thread::sleep;
use std::time::Duration;

use support::{Sentinel, TestRedis, TestSentinel};

use crate::evidence::Found;
use crate::feeds::Follower;
use crate::fleet::Servers;
use crate::random::Random;
use crate::run::{self, LEASES};
use crate::watchers::Watchers;

/// What befalls the servers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    /// An operator asks for a failover.
    Asked,
    /// Killed while its replicas have no link to it.
    Killed,
    /// The same, frozen for so long that another is the master when it goes on, which it has to be told.
    Frozen,
    /// No sentinel is there for a while.
    Alone,
}

impl Servers for TestSentinel {
    type Event = Event;

    const EVENTS: [Event; 4] = [Event::Asked, Event::Killed, Event::Frozen, Event::Alone];
    const PART: u64 = 4;

    fn start() -> Self {
        let mut redis = Self::start().ready();
        redis.sentinels().iter().for_each(Sentinel::hurry);
        redis
    }

    fn url(&self) -> String {
        self.url()
    }

    fn first(&self) -> &TestRedis {
        self.server(0)
    }

    fn watched(&self) -> (Watchers, Option<Follower>) {
        let url = self.url();
        (Watchers::start(&url, &url), None)
    }

    fn wait(&self) {
        self.wait();
    }

    fn masters(&self) -> BTreeSet<usize> {
        [self.master()].into()
    }

    fn suffer(&mut self, event: Event, random: &mut Random) -> (bool, String) {
        let old = self.master();
        match event {
            Event::Asked => {
                self.fail_over();
            }
            Event::Killed => {
                cut_off(self, old, random);
                self.servers()[old].kill();
                rejoin(self, old);
                let _ = self.another_than(old);
                self.servers()[old].restart();
            }
            Event::Frozen => {
                cut_off(self, old, random);
                self.server(old).freeze();
                rejoin(self, old);
                let _ = self.another_than(old);
                self.server(old).thaw();
            }
            Event::Alone => {
                self.sentinels().iter_mut().for_each(Sentinel::kill);
                sleep(Duration::from_millis(random.within(500..3000)));
                for sentinel in self.sentinels() {
                    sentinel.restart();
                    sentinel.hurry();
                }
            }
        }
        let is_lossy = !matches!(event, Event::Alone);
        if is_lossy {
            // As long as it may have taken something when it was none any more.
            self.is_settled(old);
        }
        (is_lossy, format!("the master is {}", self.master()))
    }

    fn leases(&self) -> Vec<String> {
        run::leases_of(self.server(self.master()), LEASES)
    }

    fn streams(&self) -> BTreeMap<String, Vec<Found>> {
        run::streams([self.server(self.master())])
    }
}

/// What the master takes from here on no replica has: they come with a password that it does not know.
fn cut_off(redis: &TestSentinel, master: usize, random: &mut Random) {
    replicas(redis, master).for_each(|replica| replica.configure("masterauth", "wrong"));
    let server = redis.server(master);
    server.run(&["CLIENT", "KILL", "TYPE", "replica"]);
    sleep(Duration::from_millis(random.within(50..500)));
}

fn rejoin(redis: &TestSentinel, master: usize) {
    replicas(redis, master).for_each(|replica| replica.configure("masterauth", ""));
}

fn replicas(redis: &TestSentinel, master: usize) -> impl Iterator<Item = &TestRedis> {
    let all = (0..SERVERS).filter(move |n| *n != master);
    all.map(|n| redis.server(n))
}

const SERVERS: usize = 3;
