//! One run of the nemesis on servers that fail over: failovers of each kind, while producers work and are
//! killed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use support::TestRedis;
use tempfile::TempDir;

use crate::crew::Crew;
use crate::evidence::{Evidence, Found};
use crate::feeds::Follower;
use crate::history::now;
use crate::lanes::Lane;
use crate::producer::Assignment;
use crate::pulse::Pulse;
use crate::random::Random;
use crate::run::{self, Disk, HEALED_IN, MOST_MEMORY};
use crate::schedule::{self, Extent, Fault, Process, What};
use crate::watchers::Watchers;

/// Servers of which others are the masters when theirs are away.
pub(crate) trait Servers: Send {
    /// What befalls them.
    type Event: Debug + Copy;

    /// Each of them comes once in each round, in another order.
    const EVENTS: [Self::Event; 4];
    /// Of the seed, which others have other parts of.
    const PART: u64;

    fn start() -> Self;

    fn url(&self) -> String;

    /// The one that keys are on that have to be there before all begins.
    fn first(&self) -> &TestRedis;

    /// Those who follow jobs, and who follows the feed, if anybody does.
    fn watched(&self) -> (Watchers, Option<Follower>);

    /// Waits until they could do a failover.
    fn wait(&self);

    /// Which of them are masters.
    fn masters(&self) -> BTreeSet<usize>;

    /// Has an event befall them, and waits until it is over. Says whether what a master took since it began
    /// may be lost, and what it befell.
    fn suffer(&mut self, event: Self::Event, random: &mut Random) -> (bool, String);

    /// Those of all runs.
    fn leases(&self) -> Vec<String>;

    fn streams(&self) -> BTreeMap<String, Vec<Found>>;
}

/// Until no new round is begun.
const LASTS: Duration = Duration::from_secs(8);
/// Longer than a process may be without knowing of the last failover: what it emits from then on has to be
/// there.
const SETTLED: Duration = Duration::from_secs(3);
/// For as long, producers are killed and frozen.
const PROCESSES_LAST: Duration = Duration::from_secs(12);
const PRODUCERS: usize = 3;
/// Longer than a failover, so that few are declared lost by it who live.
const LEASE: Duration = Duration::from_secs(5);
/// This one lives through all of it: what it emits has to be there, whatever a failover took.
const SURVIVOR: usize = 0;

/// Plays all of it, the producers by this test. What happened is told in its order.
pub(crate) fn run<S: Servers>(test: &'static str, seed: u64) -> (Vec<String>, Evidence) {
    let servers = S::start();
    let (folder, url) = (TempDir::new().unwrap(), servers.url());
    let (watchers, feed) = servers.watched();
    let followed = watchers.jobs();
    let follow = move |started: &Assignment| followed.send(started.long_job()).unwrap();
    let like = Assignment {
        lease: LEASE,
        ..run::assignment(seed, Disk::None, &folder, servers.first())
    };
    let urls = vec![url.clone(); PRODUCERS];
    let mut crew = Crew::start_all(test, urls, &[], &like, PROCESSES_LAST + HEALED_IN, follow);

    let (pulse, begun) = (Pulse::start(), Instant::now());
    let processes = processes(seed);
    let mut fleet = Fleet::new(servers, seed);
    scope(|threads| {
        threads.spawn(|| fleet.suffer_all(begun));
        crew.run(&processes, begun);
    });
    crew.finish();
    fleet.settle();
    let Fleet {
        servers,
        losses,
        mut told,
        ..
    } = fleet;
    told.extend(processes.iter().map(ToString::to_string));
    let stalls = pulse.finish();
    let leases = run::leases_left(|| servers.leases());
    let streams = servers.streams();
    let lives = crew.into_lives();
    let views = run::views(&url, &streams, watchers);
    told.extend(feed.map(|feed| format!("a feed had {} events", feed.finish())));
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
fn processes(seed: u64) -> Vec<Fault> {
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

/// The servers, and what has befallen them.
struct Fleet<S> {
    servers: S,
    /// Which of them were masters when that was seen last, and from when on others may have been since.
    masters: BTreeSet<usize>,
    since: u64,
    random: Random,
    /// From when on what a master took may be lost, and until when.
    losses: Vec<(u64, u64)>,
    told: Vec<String>,
}

impl<S: Servers> Fleet<S> {
    fn new(servers: S, seed: u64) -> Self {
        Self {
            masters: servers.masters(),
            since: now(),
            servers,
            random: Random::of(seed, S::PART),
            losses: Vec::new(),
            told: Vec::new(),
        }
    }

    fn suffer_all(&mut self, begun: Instant) {
        while begun.elapsed() < LASTS {
            let mut left = S::EVENTS.to_vec();
            while !left.is_empty() {
                let next = self.random.within(0..left.len() as u64) as usize;
                sleep(Duration::from_millis(self.random.within(50..600)));
                self.settle();
                self.suffer(left.swap_remove(next), begun);
            }
        }
        self.settle();
        sleep(SETTLED);
        while self.settle() {
            sleep(SETTLED);
        }
    }

    /// Waits until they could do a failover. Says whether there was one of which nobody knew: on a busy machine,
    /// who answers late is taken to be away.
    fn settle(&mut self) -> bool {
        self.servers.wait();
        let masters = self.servers.masters();
        let is_unknown = masters != self.masters;
        if is_unknown {
            self.losses.push((self.since, now()));
            self.told
                .push(format!("by itself, the masters are {masters:?}"));
        }
        (self.masters, self.since) = (masters, now());
        is_unknown
    }

    fn suffer(&mut self, event: S::Event, begun: Instant) {
        let (at, from) = (begun.elapsed(), now());
        let (is_lossy, of) = self.servers.suffer(event, &mut self.random);
        self.losses.extend(is_lossy.then(|| (from, now())));
        (self.masters, self.since) = (self.servers.masters(), from);
        let lasts = begun.elapsed() - at;
        self.told
            .push(format!("at {at:.2?} for {lasts:.2?}: {event:?}, {of}"));
    }
}
