//! What one event, one job and one watch cost on these servers.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::thread::sleep;
use std::time::Duration;

use support::{TestRedis, wait_until};

use crate::part;
use crate::played::{Played, Thrice};
use crate::servers::{Asked, MASTERS, Servers};

/// Figures by their names.
pub(crate) type Measured = BTreeMap<String, f64>;

/// A second in which nobody asks for anything.
const REST: Duration = Duration::from_secs(1);
const JOBS: u64 = 1000;
const LONG_JOBS: u64 = 200;
/// ms from one event or job to the next: longer than any nap of the worker, and as often as a service of 50
/// jobs says something.
const PACE: u64 = 4;
const PACED_EVENTS: u64 = 300;
const PACED_JOBS: u64 = 200;
/// Just often enough that the worker does not go to sleep.
const SELDOM: u64 = 16;
const SELDOM_EVENTS: u64 = 80;
const LEASES: u64 = 5000;
const WATCHES: u64 = 500;
const EVENTS_OF_WATCHED: u64 = 16;

pub(crate) fn of(servers: &Servers) -> Measured {
    let mut bench = Bench::of(servers);
    bench.bytes();
    bench.publishers();
    bench.watchers();
    bench.figures
}

struct Bench<'a> {
    servers: &'a Servers,
    /// Of a processor, all servers together.
    idle: f64,
    figures: Measured,
}

impl<'a> Bench<'a> {
    fn of(servers: &'a Servers) -> Self {
        let mut asked = Asked::of(&servers.asked());
        let before = asked.now();
        sleep(REST);
        let numbers = asked.now().since(before);
        let idle = Played { numbers, idle: 0.0 };
        Self {
            servers,
            idle: idle.of("server") / idle.of("seconds"),
            figures: Measured::new(),
        }
    }

    fn note(&mut self, name: &str, value: f64) {
        self.figures.insert(name.to_owned(), value);
    }

    /// In a process of its own, on servers that have nothing.
    fn play(&self, name: &str, arguments: &[&dyn Display]) -> Played {
        self.servers.clear();
        let (url, asked) = (self.servers.url(), self.servers.asked());
        let all: Vec<&dyn Display> = [&url as &dyn Display, &asked]
            .into_iter()
            .chain(arguments.iter().copied())
            .collect();
        Played {
            numbers: part::play(name, &all, None),
            idle: self.idle,
        }
    }

    fn thrice(&self, name: &str, arguments: &[&dyn Display]) -> Thrice {
        Thrice([(); 3].map(|()| self.play(name, arguments)))
    }

    fn memory(&self) -> f64 {
        let each = self.servers.each().into_iter();
        each.map(|server| server.info("memory", "used_memory").parse::<f64>().unwrap())
            .sum()
    }

    fn bytes(&mut self) {
        let mut of_jobs = Vec::new();
        for (length, jobs) in [(10, JOBS), (100, JOBS), (1000, LONG_JOBS)] {
            self.servers.clear();
            let before = self.memory();
            let bulk = self.play("bulk", &[&jobs, &(length - 2)]);
            of_jobs.push((self.memory() - before) / jobs as f64);
            let streams = self.servers.keys("job_events:job_0*", "XLEN");
            assert_eq!(
                (streams.count(), streams.length),
                (jobs as f64, (jobs * length) as f64)
            );
            self.note(
                &format!("stream_{length}_bytes"),
                streams.bytes / streams.count(),
            );
            if length == 1000 {
                self.bulk(&bulk, (jobs * length) as f64);
            }
            if length == 100 {
                let most = streams.of_each.iter().copied().fold(0.0, f64::max);
                self.note(
                    "busiest_of_1000_jobs",
                    most * streams.of_each.len() as f64 / streams.count(),
                );
                let feed = self.servers.keys("job_index:feed*", "XLEN");
                self.note("feed_entry_bytes", feed.bytes / feed.length);
            }
        }
        let event = (of_jobs[1] - of_jobs[0]) / 90.0;
        self.note("event_bytes", event);
        self.note("job_bytes", of_jobs[0] - 10.0 * event);
    }

    fn bulk(&mut self, bulk: &Played, events: f64) {
        self.note("event_bulk_server_us", bulk.server(events));
        self.note("event_bulk_client_us", bulk.client(events));
        self.note("event_bulk_commands", bulk.of("commands") / events);
    }

    fn publishers(&mut self) {
        let events = self.thrice("paced", &[&"events", &PACED_EVENTS, &PACE]);
        let count = PACED_EVENTS as f64;
        self.note("event_alone_server_us", events.server(count));
        self.awake(&events);
        self.note("event_in_bytes", events.of("in") / count);
        self.note("event_out_bytes", events.of("out") / count);
        let jobs = self.thrice("paced", &[&"jobs", &PACED_JOBS, &PACE]);
        let count = PACED_JOBS as f64;
        self.note("job_server_us", jobs.server(count));
        self.note("job_client_us", jobs.client(count));
        self.note("job_commands", jobs.of("commands") / count);
        self.note("job_in_bytes", jobs.of("in") / count);
        let leases = self.play("leases", &[&LEASES]);
        let renewals = leases.of("renewals");
        self.note("lease_server_us", leases.server(renewals));
        self.note("lease_client_us", leases.client(renewals));
        self.note("lease_bytes", leases.of("lease_bytes"));
    }

    /// What the worker does anyway while events come, as often as it looks for them, and what for each.
    fn awake(&mut self, events: &Thrice) {
        let seldom = self.thrice("paced", &[&"events", &SELDOM_EVENTS, &SELDOM]);
        let each_second =
            |of: &Thrice| of.middle(|part| part.of("client") * 1e6 / part.of("seconds"));
        let more = 1000.0 / PACE as f64 - 1000.0 / SELDOM as f64;
        let each = (each_second(events) - each_second(&seldom)) / more;
        let each = each.max(self.figures["event_bulk_client_us"]);
        self.note("event_alone_client_us", each);
        let awake = each_second(&seldom) - each * 1000.0 / SELDOM as f64;
        self.note("awake_client_us", awake.max(0.0));
    }

    fn watchers(&mut self) {
        let of = |kind: &str| self.thrice("watch", &[&kind, &WATCHES, &EVENTS_OF_WATCHED]);
        let [none, idle] = ["none", "idle"].map(of);
        let of = |kind: &str| self.play("watch", &[&kind, &WATCHES, &EVENTS_OF_WATCHED]);
        let [hub, own] = ["hub", "own"].map(of);
        let written = ((EVENTS_OF_WATCHED + 1) * WATCHES) as f64;
        let news = |name: &str| (idle.of(name) - none.of(name)).max(0.0) / written;
        let [server, client, out] = ["server", "client", "out"].map(news);
        self.note("news_server_us", server * 1e6);
        self.note("news_client_us", client * 1e6);
        self.note("news_out_bytes", out);
        self.note("publisher_connections", none.of("writer_clients"));
        self.note("hub_connections", hub.of("watches_clients"));
        for (name, part, base) in [("hub", &hub, &idle), ("own", &own, &none)] {
            assert_eq!(part.of("read"), written, "{name}");
            let each = |number: &str| (part.of(number) - base.of(number)).max(0.0) / written;
            self.note(&format!("{name}_event_server_us"), each("server") * 1e6);
            self.note(&format!("{name}_event_client_us"), each("client") * 1e6);
            self.note(&format!("{name}_event_out_bytes"), each("out"));
            self.note(
                &format!("{name}_watch_client_bytes"),
                part.of("watches_kib") * 1024.0 / WATCHES as f64,
            );
        }
        self.note(
            "own_watch_connections",
            own.of("watches_clients") / WATCHES as f64,
        );
        self.note(
            "connection_bytes",
            own.of("watches_memory") / own.of("watches_clients"),
        );
    }
}

/// With a file that is written each second, and a replica.
pub(crate) fn kept() -> Measured {
    let server = TestRedis::with(&[
        "--appendonly",
        "yes",
        "--appendfsync",
        "everysec",
        "--save",
        "",
    ]);
    let port = server.port().to_string();
    let replica = TestRedis::with(&[
        "--save",
        "",
        "--replicaof",
        "127.0.0.1",
        &port,
        "--repl-diskless-sync-delay",
        "0",
    ]);
    wait_until("the replica follows", || {
        replica.info("replication", "master_link_status") == "up"
    });
    let servers = Servers::One(server);
    let mut bench = Bench::of(&servers);
    let events = bench.thrice("paced", &[&"events", &PACED_EVENTS, &PACE]);
    let count = PACED_EVENTS as f64;
    bench.note("event_kept_server_us", events.server(count));
    bench.note("aof_event_bytes", events.of("aof") / count);
    bench.note("replica_event_bytes", events.of("replica") / count);
    bench.figures
}

/// What only a cluster has.
pub(crate) fn of_cluster(servers: &Servers) -> Measured {
    let figures = [
        ("slots_bytes", servers.slots_bytes()),
        ("masters_measured", MASTERS as f64),
    ];
    figures.map(|(name, value)| (name.to_owned(), value)).into()
}
