//! A real sentinel: told by a test which master to watch, on loopback, gone with it.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use redis::Connection;
use tempfile::TempDir;

use super::server::{MISSING, SERVER};
use super::{TestRedis, free_port, rights};

/// One in a process of its own. Killed on drop.
#[derive(Debug)]
pub struct Sentinel {
    process: Option<Child>,
    folder: TempDir,
    pub(crate) port: u16,
    pub(crate) id: String,
    /// In its URL, before the port.
    user: String,
}

/// The name of the master that they watch.
pub const MASTER: &str = "mymaster";
/// How many watch a master.
pub(crate) const SENTINELS: usize = 3;
/// How many a master has.
pub(crate) const REPLICAS: usize = 2;
/// Whoever says nothing for so many ms is away.
const DOWN_AFTER: u32 = 500;
/// How long, in ms, until a failover that came to nothing is tried again, by half.
const FAILOVER: u32 = 3000;

impl Sentinel {
    pub(crate) fn new(number: usize) -> Self {
        Self {
            process: None,
            folder: TempDir::new().unwrap(),
            port: free_port(),
            id: format!("{number:040x}"),
            user: String::new(),
        }
    }

    /// One that nobody tells anything: it names this server, whatever becomes of it.
    #[must_use]
    pub fn alone(server: &TestRedis) -> Self {
        Self::at("127.0.0.1", server.port(), &[])
    }

    /// The same, of a server by its host and port, with these lines in its file.
    #[must_use]
    pub fn at(host: &str, port: u16, lines: &[&str]) -> Self {
        let mut sentinel = Self::new(SENTINELS + 1);
        let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
        // As many others as it would need there are not.
        sentinel.watch(host, port, 9, &lines);
        sentinel
    }

    pub(crate) fn watch(&mut self, host: &str, port: u16, quorum: usize, lines: &[String]) {
        let has_users = lines.iter().any(|line| line.contains("sentinel-pass "));
        let least = match rights::are_least() && !has_users {
            true => rights::of_sentinel(MASTER),
            false => Vec::new(),
        };
        let lines = [lines, &least].concat();
        // What is about the master comes after its name.
        let (of_master, others): (Vec<_>, Vec<_>) = lines
            .iter()
            .cloned()
            .partition(|line| line.contains(MASTER));
        let own = [
            "bind 127.0.0.1".to_owned(),
            format!("port {}", self.port),
            format!("dir {}", self.folder.path().display()),
            format!("sentinel myid {}", self.id),
        ];
        let master = [
            format!("sentinel monitor {MASTER} {host} {port} {quorum}"),
            format!("sentinel down-after-milliseconds {MASTER} {DOWN_AFTER}"),
            format!("sentinel failover-timeout {MASTER} {FAILOVER}"),
            format!("sentinel parallel-syncs {MASTER} {REPLICAS}"),
        ];
        let file = [&own[..], &others, &master, &of_master].concat();
        fs::write(self.file(), file.join("\n") + "\n").unwrap();
        // By which the tests' own client comes.
        let password = lines
            .iter()
            .find_map(|line| line.split_once("sentinel-pass "));
        if let Some((_, password)) = password {
            self.user = format!("tester:{password}@");
        }
        self.restart();
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("sentinel.conf")
    }

    /// Starts it again, with what it knew.
    pub fn restart(&mut self) {
        self.kill();
        let server = env::var(SERVER).unwrap_or_else(|_| "redis-server".to_owned());
        let mut process = Command::new(server)
            .arg(self.file())
            .arg("--sentinel")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect(MISSING);
        let mut log = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut said = Vec::new();
        let is_there = log.by_ref().map_while(Result::ok).any(|line| {
            let is_there = line.contains("+monitor");
            said.push(line);
            is_there
        });
        self.process = Some(process);
        assert!(is_there, "the sentinel ended before it watched: {said:#?}");
        std::thread::spawn(move || log.for_each(drop));
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Freezes it: it takes connections, and answers nothing.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.process.as_ref().expect("the sentinel runs").id();
        let sent = Command::new("kill")
            .args([format!("-{signal}"), id.to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Has it look, and tell the others, more often than each 10 s and each 2 s, where the server can.
    pub fn hurry(&self) {
        // Before Redis 7.0 it takes its time.
        let _ = self.ask(&["DEBUG", "INFO-PERIOD", "500", "PUBLISH-PERIOD", "500"]);
    }

    /// Where it is, as a URL has it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Has it name another server from now on.
    pub fn name(&self, server: &TestRedis) {
        self.ask(&["REMOVE", MASTER]).unwrap();
        let port = server.port().to_string();
        self.ask(&["MONITOR", MASTER, "127.0.0.1", &port, "9"])
            .unwrap();
    }

    /// The port of the master that it names, where it answers.
    #[must_use]
    pub fn names(&self) -> Option<u16> {
        let answer = self.ask(&["GET-MASTER-ADDR-BY-NAME", MASTER]).ok()?;
        let [_, port]: [String; 2] = redis::from_redis_value(answer).ok()?;
        port.parse().ok()
    }

    /// How many connections it has taken.
    #[must_use]
    pub fn connections_taken(&self) -> u64 {
        let mut command = redis::cmd("INFO");
        let text: String = command
            .arg("stats")
            .query(&mut self.client().unwrap())
            .unwrap();
        let count = |line: &str| {
            line.strip_prefix("total_connections_received:")?
                .parse()
                .ok()
        };
        text.lines().find_map(count).unwrap()
    }

    /// Whether it sees all of the others, and replicas that could be a master.
    pub(crate) fn is_ready(&self) -> bool {
        let is_ok = |replica: &Vec<String>| {
            let flags = value(replica, "flags");
            flags == "slave" && value(replica, "master-link-status") == "ok"
        };
        let asked = self.ask(&["MASTER", MASTER]).map(redis::from_redis_value);
        let master: Vec<String> = asked.ok().and_then(Result::ok).unwrap_or_default();
        let asked = self.ask(&["SLAVES", MASTER]).map(redis::from_redis_value);
        let replicas: Vec<Vec<String>> = asked.ok().and_then(Result::ok).unwrap_or_default();
        value(&master, "num-other-sentinels") == (SENTINELS - 1).to_string()
            && value(&master, "flags") == "master"
            && replicas.iter().filter(|replica| is_ok(replica)).count() >= REPLICAS
            && self.ask(&["CKQUORUM", MASTER]).is_ok()
    }

    /// One of its own commands.
    pub(crate) fn ask(&self, command: &[&str]) -> redis::RedisResult<redis::Value> {
        redis::cmd("SENTINEL")
            .arg(command)
            .query(&mut self.client()?)
    }

    fn client(&self) -> redis::RedisResult<Connection> {
        let url = format!("redis://{}{}/", self.user, self.address());
        let client = redis::Client::open(url)?.get_connection_with_timeout(ANSWERED_IN)?;
        client.set_read_timeout(Some(ANSWERED_IN))?;
        Ok(client)
    }
}

/// A frozen one does not answer at all.
const ANSWERED_IN: Duration = Duration::from_millis(500);

/// Of a list of names, each with its value behind it.
fn value<'a>(pairs: &'a [String], name: &str) -> &'a str {
    let mut pairs = pairs.chunks_exact(2);
    pairs
        .find(|pair| pair[0] == name)
        .map_or("", |pair| &pair[1])
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        self.kill();
    }
}
