//! One run of the nemesis on servers that sentinels watch: failovers of each kind, and sentinels that are
//! away, while producers work and are killed.

use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use support::{Sentinel, TestRedis, TestSentinel};
use tempfile::TempDir;

use crate::crew::Crew;
use crate::evidence::Evidence;
use crate::history::now;
use crate::lanes::Lane;
use crate::producer::Assignment;
use crate::pulse::Pulse;
use crate::random::Random;
use crate::run::{self, Disk, HEALED_IN, MOST_MEMORY};
use crate::schedule::{self, Extent, Fault, Process, What};
use crate::watchers::Watchers;

/// What befalls the servers.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// An operator asks for a failover.
    Asked,
    /// Killed while its replicas have no link to it.
    Killed,
    /// The same, frozen for so long that another is the master when it goes on, which it has to be told.
    Frozen,
    /// No sentinel is there for a while.
    Alone,
}

/// Each of them comes once in each round, in another order.
const EVENTS: [Event; 4] = [Event::Asked, Event::Killed, Event::Frozen, Event::Alone];
/// Until no new round is begun.
const LASTS: Duration = Duration::from_secs(8);
/// Longer than a process may be without knowing of the last failover: what it emits from then on has to be
/// there.
pub(crate) const SETTLED: Duration = Duration::from_secs(3);
/// For as long, producers are killed and frozen.
pub(crate) const PROCESSES_LAST: Duration = Duration::from_secs(12);
pub(crate) const PRODUCERS: usize = 3;
/// Longer than a failover, so that few are declared lost by it who live.
pub(crate) const LEASE: Duration = Duration::from_secs(5);
/// This one lives through all of it: what it emits has to be there, whatever a failover took.
const SURVIVOR: usize = 0;

/// Plays all of it, the producers by this test. What happened is told in its order.
pub(crate) fn run(test: &'static str, seed: u64) -> (Vec<String>, Evidence) {
    let mut redis = TestSentinel::start().ready();
    redis.sentinels().iter().for_each(Sentinel::hurry);
    let (folder, url) = (TempDir::new().unwrap(), redis.url());
    let watchers = Watchers::start(&url, &url);
    let followed = watchers.jobs();
    let follow = move |started: &Assignment| followed.send(started.long_job()).unwrap();
    let like = Assignment {
        lease: LEASE,
        ..run::assignment(seed, Disk::None, &folder, redis.server(0))
    };
    let urls = vec![url.clone(); PRODUCERS];
    let mut crew = Crew::start_all(test, urls, &[], &like, PROCESSES_LAST + HEALED_IN, follow);

    let (pulse, begun) = (Pulse::start(), Instant::now());
    let processes = processes(seed);
    let mut fleet = Fleet::new(&mut redis, seed);
    scope(|threads| {
        threads.spawn(|| fleet.suffer_all(begun));
        crew.run(&processes, begun);
    });
    let (losses, mut told) = (fleet.losses, fleet.told);
    told.extend(processes.iter().map(ToString::to_string));
    crew.finish();
    let stalls = pulse.finish();
    let master = redis.server(redis.master());
    let leases = run::leases_left(|| run::leases_of(master, run::LEASES));
    let streams = run::streams([master]);
    let lives = crew.into_lives();
    let views = run::views(&url, &streams, watchers);
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

/// What befalls producers without a network of their own, but for the survivor.
pub(crate) fn processes(seed: u64) -> Vec<Fault> {
    let extent = Extent {
        seed,
        lasts: PROCESSES_LAST,
        producers: PRODUCERS,
        only: None,
    };
    let last = schedule::faults(&extent).pop().unwrap();
    let is_one = |fault: &Fault| match fault.what {
        What::Process(_, Process::LastWords) => false,
        What::Process(producer, _) => producer != SURVIVOR,
        _ => false,
    };
    last.into_iter().filter(is_one).collect()
}

/// The servers and their sentinels.
struct Fleet<'a> {
    redis: &'a mut TestSentinel,
    random: Random,
    /// From when on what a master took may be lost, and until when.
    losses: Vec<(u64, u64)>,
    told: Vec<String>,
}

impl<'a> Fleet<'a> {
    fn new(redis: &'a mut TestSentinel, seed: u64) -> Self {
        Self {
            redis,
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
                self.rest();
                let (event, at) = (left.swap_remove(next), begun.elapsed());
                self.suffer(event);
                let (lasts, master) = (begun.elapsed() - at, self.redis.master());
                let told =
                    format!("at {at:.2?} for {lasts:.2?}: {event:?}, the master is {master}");
                self.told.push(told);
            }
        }
        self.redis.wait();
        sleep(SETTLED);
    }

    fn rest(&mut self) {
        sleep(Duration::from_millis(self.random.within(50..600)));
        self.redis.wait();
    }

    fn suffer(&mut self, event: Event) {
        let (old, from) = (self.redis.master(), now());
        match event {
            Event::Asked => {
                self.redis.fail_over();
            }
            Event::Killed => {
                self.cut_off(old);
                self.redis.servers()[old].kill();
                self.rejoin(old);
                let _ = self.redis.another_than(old);
                self.redis.servers()[old].restart();
            }
            Event::Frozen => {
                self.cut_off(old);
                self.redis.server(old).freeze();
                self.rejoin(old);
                let _ = self.redis.another_than(old);
                self.redis.server(old).thaw();
            }
            Event::Alone => {
                self.redis.sentinels().iter_mut().for_each(Sentinel::kill);
                sleep(Duration::from_millis(self.random.within(500..3000)));
                for sentinel in self.redis.sentinels() {
                    sentinel.restart();
                    sentinel.hurry();
                }
                return;
            }
        }
        self.redis.is_demoted(old);
        self.losses.push((from, now()));
    }
}

impl Fleet<'_> {
    /// What the master takes from here on no replica has: they come with a password that it does not know.
    fn cut_off(&mut self, master: usize) {
        self.replicas(master)
            .for_each(|replica| replica.configure("masterauth", "wrong"));
        self.redis
            .server(master)
            .run(&["CLIENT", "KILL", "TYPE", "replica"]);
        sleep(Duration::from_millis(self.random.within(50..500)));
    }

    fn rejoin(&self, master: usize) {
        self.replicas(master)
            .for_each(|replica| replica.configure("masterauth", ""));
    }

    fn replicas(&self, master: usize) -> impl Iterator<Item = &TestRedis> {
        let all = (0..SERVERS).filter(move |n| *n != master);
        all.map(|n| self.redis.server(n))
    }
}

const SERVERS: usize = 3;
/// Of the seed, which others have other parts of.
const PART: u64 = 4;
