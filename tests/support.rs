//! Real servers for the tests: started by them, on loopback or a socket of their own, gone with
//! them.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// A `redis-server` with a folder of its own, on a TCP port and a unix socket. Killed on drop.
#[derive(Debug)]
pub struct TestRedis {
    process: Option<Child>,
    folder: TempDir,
    port: u16,
    arguments: Vec<String>,
}

/// What to do where there is no server to test with.
const MISSING: &str = "these tests need `redis-server` on the PATH: `tests/run` installs it, as does `apt-get install redis-server`";

impl TestRedis {
    /// A server that keeps nothing on disk.
    #[must_use]
    pub fn start() -> Self {
        Self::with(&["--appendonly", "no"])
    }

    /// A server that writes every command to disk before it answers.
    #[must_use]
    pub fn with_aof() -> Self {
        Self::with(&["--appendonly", "yes", "--appendfsync", "always"])
    }

    /// A server with arguments of the test's own.
    #[must_use]
    pub fn with(arguments: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let port = free_port();
        let arguments = arguments.iter().map(ToString::to_string).collect();
        let mut server = Self {
            process: None,
            folder,
            port,
            arguments,
        };
        server.restart();
        server
    }

    /// One server for all tests of a process. A static is not dropped, so another process ends the server once this one has gone.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<(TestRedis, Child)> = OnceLock::new();
        let start = || {
            let server = Self::start();
            let process = server.process.as_ref().expect("the server runs");
            // Its standard input closes when this process ends, however that is.
            let keeper = Command::new("sh")
                .args(["-c", "read -r _; kill -9 \"$0\"; rm -rf \"$1\""])
                .args([
                    process.id().to_string().as_ref(),
                    server.folder().as_os_str(),
                ])
                .stdin(Stdio::piped())
                .spawn();
            (server, keeper.unwrap())
        };
        &SHARED.get_or_init(start).0
    }

    /// Starts the server again, on the same port and data.
    pub fn restart(&mut self) {
        self.kill();
        let mut process = Command::new("redis-server")
            .args([
                "--bind",
                "127.0.0.1",
                "--port",
                &self.port.to_string(),
                "--save",
                "",
            ])
            .args(["--unixsocket", "redis.sock", "--daemonize", "no"])
            .args(["--dir", &self.folder.path().display().to_string()])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect(MISSING);
        let mut log = BufReader::new(process.stdout.take().unwrap()).lines();
        let is_ready = log
            .by_ref()
            .map_while(Result::ok)
            .any(|line| line.contains("Ready to accept connections"));
        self.process = Some(process);
        assert!(
            is_ready,
            "redis-server ended before it was ready, on port {}",
            self.port
        );
        // A pipe that nobody reads would stop the server once it is full.
        std::thread::spawn(move || log.for_each(drop));
    }

    /// Ends the server as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Freezes the server: connections stay open, nothing is answered.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets a frozen server go on, with all that has come in since.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let process = self.process.as_ref().expect("the server runs");
        let sent = Command::new("kill")
            .args([&format!("-{signal}"), &process.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Its URL on TCP.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Its URL on the unix socket.
    #[must_use]
    pub fn socket_url(&self) -> String {
        format!("unix://{}", self.folder.path().join("redis.sock").display())
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Puts something that is no stream where a job's stream would be.
    pub fn occupy(&self, key: &str) {
        redis::cmd("SET")
            .arg(key)
            .arg("x")
            .exec(&mut self.client())
            .unwrap();
    }

    /// A plain client.
    #[must_use]
    pub fn client(&self) -> redis::Connection {
        redis::Client::open(self.url())
            .unwrap()
            .get_connection()
            .unwrap()
    }

    /// All of a stream as the server has it: ids, and fields in their order.
    #[must_use]
    pub fn entries(&self, key: &str) -> Vec<RawEntry> {
        let range = redis::cmd("XRANGE")
            .arg(key)
            .arg("-")
            .arg("+")
            .query(&mut self.client());
        let entries: Vec<(String, Vec<String>)> = range.unwrap();
        let pairs = |flat: Vec<String>| {
            flat.chunks(2)
                .map(|pair| (pair[0].clone(), pair[1].clone()))
                .collect()
        };
        entries
            .into_iter()
            .map(|(id, flat)| RawEntry {
                id,
                fields: pairs(flat),
            })
            .collect()
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// An entry as any client gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEntry {
    /// `<ms>-<n>`
    pub id: String,
    /// Names and values.
    pub fields: Vec<(String, String)>,
}

impl RawEntry {
    /// A field's value, empty where there is none.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        self.fields
            .iter()
            .find(|(field, _)| field == name)
            .map_or("", |(_, value)| value)
    }

    /// The JSON of `data`.
    #[must_use]
    pub fn data(&self) -> Value {
        serde_json::from_str(self.field("data")).unwrap()
    }
}

/// The seqs of those entries that have one.
#[must_use]
pub fn seqs(entries: &[RawEntry]) -> Vec<u64> {
    entries
        .iter()
        .filter_map(|entry| entry.data()["seq"].as_u64())
        .collect()
}

/// A port that nothing listens on just now.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
