//! One server, or three masters of a cluster: started for a measurement, and what it has cost them.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use support::{TestCluster, TestRedis};

use crate::part::Numbers;

pub(crate) const MASTERS: usize = 3;

/// What is measured on.
pub(crate) enum Servers {
    One(TestRedis),
    Cluster(TestCluster),
}

impl Servers {
    pub(crate) fn one() -> Self {
        Self::One(TestRedis::with(&["--appendonly", "no", "--save", ""]))
    }

    pub(crate) fn cluster() -> Self {
        Self::Cluster(TestCluster::with(MASTERS, 0, &["--save", ""]))
    }

    pub(crate) fn each(&self) -> Vec<&TestRedis> {
        match self {
            Self::One(server) => vec![server],
            Self::Cluster(cluster) => (0..MASTERS).map(|nth| cluster.server(nth)).collect(),
        }
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::One(server) => server.url(),
            Self::Cluster(cluster) => cluster.url(),
        }
    }

    /// Those that another process asks what it has cost them.
    pub(crate) fn asked(&self) -> String {
        let each = self.each().into_iter();
        let named =
            each.map(|server| format!("{}@{}", server.info("server", "process_id"), server.url()));
        named.collect::<Vec<_>>().join(",")
    }

    pub(crate) fn clear(&self) {
        self.each()
            .iter()
            .for_each(|server| server.run(&["FLUSHALL"]));
    }

    /// What all of them together have of the keys of a pattern: how many, their bytes, and what this
    /// command says of each.
    pub(crate) fn keys(&self, pattern: &str, length: &str) -> Keys {
        let mut keys = Keys::default();
        for server in self.each() {
            let mut client = server.client();
            let names: Vec<String> = redis::cmd("KEYS").arg(pattern).query(&mut client).unwrap();
            keys.of_each.push(names.len() as f64);
            for name in names {
                let mut memory = redis::cmd("MEMORY");
                memory.arg("USAGE").arg(&name).arg("SAMPLES").arg(0);
                keys.bytes += memory.query::<f64>(&mut client).unwrap();
                keys.length += redis::cmd(length)
                    .arg(&name)
                    .query::<f64>(&mut client)
                    .unwrap();
            }
        }
        keys
    }

    /// Bytes of the answer by which the slots are known, for each master.
    pub(crate) fn slots_bytes(&self) -> f64 {
        let each = self.each();
        let mut socket = TcpStream::connect(("127.0.0.1", each[0].port())).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_millis(200)))
            .unwrap();
        socket.write_all(b"CLUSTER SLOTS\r\n").unwrap();
        let (mut bytes, mut piece) = (0, [0; 4096]);
        while let Ok(more @ 1..) = socket.read(&mut piece) {
            bytes += more;
        }
        bytes as f64 / each.len() as f64
    }
}

/// Keys of a kind.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// How many each server has.
    pub(crate) of_each: Vec<f64>,
    pub(crate) bytes: f64,
    pub(crate) length: f64,
}

impl Keys {
    pub(crate) fn count(&self) -> f64 {
        self.of_each.iter().sum()
    }
}

/// Servers as another process asks them.
pub(crate) struct Asked {
    servers: Vec<(u32, redis::Connection)>,
    /// Bytes of what they have said to that.
    said: f64,
}

impl Asked {
    pub(crate) fn of(servers: &str) -> Self {
        let one = |server: &str| {
            let (process, url) = server.split_once('@').unwrap();
            let client = redis::Client::open(url).unwrap().get_connection();
            (process.parse().unwrap(), client.unwrap())
        };
        Self {
            servers: servers.split(',').map(one).collect(),
            said: 0.0,
        }
    }

    /// What they and this process have used so far, all servers together.
    pub(crate) fn now(&mut self) -> Cost {
        let mut cost = Cost {
            at: Instant::now(),
            client: at_work("self"),
            server: 0.0,
            sums: [0.0; INFO.len()],
        };
        cost.sums[OUT] -= self.said;
        for (process, client) in &mut self.servers {
            let info: String = redis::cmd("INFO").arg("everything").query(client).unwrap();
            self.said += info.len() as f64;
            // A server without a file has no size of it.
            let number = |name: &str| {
                let value = info
                    .lines()
                    .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                value.map_or(0.0, |value| value.parse().unwrap())
            };
            for (sum, name) in cost.sums.iter_mut().zip(INFO) {
                *sum += number(name);
            }
            cost.server += at_work(&process.to_string());
        }
        cost
    }
}

const INFO: [&str; 7] = [
    "total_commands_processed",
    "total_net_input_bytes",
    "total_net_output_bytes",
    "used_memory",
    "connected_clients",
    "aof_current_size",
    "master_repl_offset",
];
const NAMES: [&str; INFO.len()] = [
    "commands", "in", "out", "memory", "clients", "aof", "replica",
];
const OUT: usize = 2;

/// Processor seconds and what `INFO` has, at a time or between two.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    at: Instant,
    client: f64,
    server: f64,
    sums: [f64; INFO.len()],
}

impl Cost {
    /// Named, with the seconds that it took.
    pub(crate) fn since(self, before: Self) -> Numbers {
        let seconds = (self.at - before.at).as_secs_f64();
        let named = |name: &str, value| (name.to_owned(), value);
        let mut numbers = vec![
            named("seconds", seconds),
            named("client", self.client - before.client),
            named("server", self.server - before.server),
        ];
        let sums = self
            .sums
            .into_iter()
            .zip(before.sums)
            .map(|(now, then)| now - then);
        numbers.extend(NAMES.iter().zip(sums).map(|(name, sum)| named(name, sum)));
        numbers
    }
}

/// Seconds that the threads of a process have been at work.
fn at_work(process: &str) -> f64 {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let nanos = threads.filter_map(|thread| {
        let stat = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        stat.split(' ').next()?.parse::<f64>().ok()
    });
    nanos.sum::<f64>() / 1e9
}
