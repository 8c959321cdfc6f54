//! Real sentinels, and the servers that they watch: a master and two replicas, on loopback.

use super::one_sentinel::{MASTER, REPLICAS, SENTINELS, Sentinel};
use super::{TestRedis, wait_until};

/// A master, two replicas and three sentinels, two of which have to agree that the master is away. All are
/// killed on drop.
#[derive(Debug)]
pub struct TestSentinel {
    servers: Vec<TestRedis>,
    sentinels: Vec<Sentinel>,
}

impl TestSentinel {
    /// All of them, once they know one another.
    #[must_use]
    pub fn start() -> Self {
        Self::with(&["--appendonly", "no"], &[])
    }

    /// Servers with these arguments, and sentinels with these lines in their files.
    #[must_use]
    pub fn with(arguments: &[&str], lines: &[&str]) -> Self {
        // A replica gets its first copy at once, and without a file.
        let quick = [
            "--repl-diskless-sync",
            "yes",
            "--repl-diskless-sync-delay",
            "0",
        ];
        let arguments = [&quick, arguments].concat();
        let master = TestRedis::with(&arguments);
        let port = master.port().to_string();
        let mut servers = vec![master];
        for _ in 0..REPLICAS {
            let replica = ["--replicaof", "127.0.0.1", &port];
            servers.push(TestRedis::with(&[&arguments, &replica[..]].concat()));
        }
        let mut sentinels: Vec<_> = (1..=SENTINELS).map(Sentinel::new).collect();
        let files: Vec<_> = (0..SENTINELS)
            .map(|n| {
                let replicas = servers[1..].iter().map(|server| {
                    format!(
                        "sentinel known-replica {MASTER} 127.0.0.1 {}",
                        server.port()
                    )
                });
                let others = sentinels
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != n);
                let others = others.map(|(_, other)| {
                    format!(
                        "sentinel known-sentinel {MASTER} 127.0.0.1 {} {}",
                        other.port, other.id
                    )
                });
                let lines = lines.iter().map(ToString::to_string);
                replicas.chain(others).chain(lines).collect::<Vec<_>>()
            })
            .collect();
        for (sentinel, lines) in sentinels.iter_mut().zip(files) {
            sentinel.watch("127.0.0.1", servers[0].port(), 2, &lines);
        }
        Self { servers, sentinels }
    }

    /// The same, and waits until they could do a failover.
    #[must_use]
    pub fn ready(self) -> Self {
        self.wait();
        self
    }

    /// Waits until they could do a failover.
    pub fn wait(&self) {
        wait_until("each sentinel knows the others and the replicas", || {
            self.sentinels.iter().all(Sentinel::is_ready)
        });
    }

    /// The master's URL by way of all sentinels.
    #[must_use]
    pub fn url(&self) -> String {
        url_of(&self.sentinels)
    }

    /// The sentinels.
    pub fn sentinels(&mut self) -> &mut [Sentinel] {
        &mut self.sentinels
    }

    /// The servers, of which the first was the master at first.
    pub fn servers(&mut self) -> &mut [TestRedis] {
        &mut self.servers
    }

    /// One of the servers.
    #[must_use]
    pub fn server(&self, n: usize) -> &TestRedis {
        &self.servers[n]
    }

    /// Which of the servers most of the sentinels that answer name the master.
    #[must_use]
    pub fn master(&self) -> usize {
        let named = |server: &TestRedis| {
            let names = self.sentinels.iter().filter_map(Sentinel::names);
            names.filter(|port| *port == server.port()).count()
        };
        let servers = self.servers.iter().map(named).enumerate();
        let most = servers.max_by_key(|(_, votes)| *votes);
        most.expect("there are servers").0
    }

    /// Waits until all sentinels name another than this, which it is by its own words, too.
    #[must_use]
    pub fn another_than(&self, old: usize) -> usize {
        let mut new = None;
        wait_until("there is another master", || {
            new = self.named_by_all().filter(|found| *found != old);
            new.is_some_and(|new| self.says(new, "master"))
        });
        new.expect("it was found")
    }

    /// Which of the servers all of the sentinels that answer name the master.
    fn named_by_all(&self) -> Option<usize> {
        let names: Vec<_> = self.sentinels.iter().filter_map(Sentinel::names).collect();
        let is_named = |server: &&TestRedis| names.iter().all(|port| *port == server.port());
        let found = self.servers.iter().position(|server| is_named(&server));
        found.filter(|_| !names.is_empty())
    }

    /// Waits until this one is a replica.
    pub fn is_demoted(&self, n: usize) {
        wait_until("it is a replica", || self.says(n, "slave"));
    }

    /// Waits until this one, in whose place another was, is a replica, or the master anew: where two sentinels
    /// do a failover at a time, the last of them may choose it.
    pub fn is_settled(&self, n: usize) {
        wait_until("it is a replica, or the master again", || {
            self.says(n, "slave") || self.named_by_all() == Some(n) && self.says(n, "master")
        });
    }

    /// Whether this is the role that a server has by its own words. Its connections are cut when it gets
    /// another.
    fn says(&self, n: usize, role: &str) -> bool {
        let client = redis::Client::open(self.servers[n].url()).unwrap();
        let said = client.get_connection().and_then(|mut client| {
            let said: Vec<redis::Value> = redis::cmd("ROLE").query(&mut client)?;
            Ok(said.into_iter().next())
        });
        said.is_ok_and(|said| said == Some(redis::Value::BulkString(role.into())))
    }

    /// Has the sentinels make another one the master, and waits until it is.
    pub fn fail_over(&self) -> usize {
        let old = self.master();
        wait_until("a sentinel begins a failover", || {
            let sentinel = self.sentinels.iter().find(|sentinel| sentinel.is_ready());
            sentinel.is_some_and(|sentinel| sentinel.ask(&["FAILOVER", MASTER]).is_ok())
        });
        self.another_than(old)
    }
}

/// The master's URL by way of these.
#[must_use]
pub fn url_of<'a>(sentinels: impl IntoIterator<Item = &'a Sentinel>) -> String {
    let ports = sentinels.into_iter().map(Sentinel::address);
    format!(
        "redis+sentinel://{}/{MASTER}",
        ports.collect::<Vec<_>>().join(",")
    )
}
