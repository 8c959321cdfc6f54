//! A real server: started by a test, on loopback and a socket of its own, gone with it.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use super::{RawEntry, free_port, rights};

/// A server with a folder of its own, on a TCP port and a unix socket. Killed on drop.
///
/// It is the `redis-server` on the PATH, or the one that `STREAM_EVENTS_TEST_SERVER` names.
#[derive(Debug)]
pub struct TestRedis {
    process: Option<Child>,
    folder: TempDir,
    port: u16,
    arguments: Vec<String>,
    /// Blocks of 1 KiB that a file of it may have.
    file_limit: Option<u32>,
}

/// Names the binary of another server to test with.
pub(crate) const SERVER: &str = "STREAM_EVENTS_TEST_SERVER";

/// What to do where there is no server to test with.
pub(crate) const MISSING: &str = "these tests need `redis-server` on the PATH: `tests/run` installs it, as does `apt-get install redis-server`";

/// Said by a server that answers from now on.
const READY: &str = "Ready to accept connections";

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
        Self::on(free_port(), arguments, None)
    }

    /// A server none of whose files grows beyond this many KiB, as on a full disk.
    #[must_use]
    pub fn with_small_disk(kib: u32, arguments: &[&str]) -> Self {
        Self::on(free_port(), arguments, Some(kib))
    }

    pub(crate) fn on(port: u16, arguments: &[&str], file_limit: Option<u32>) -> Self {
        let mut server = Self {
            process: None,
            folder: TempDir::new().unwrap(),
            port,
            arguments: arguments.iter().map(ToString::to_string).collect(),
            file_limit,
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
            // Its standard input closes when this process ends, however that is.
            let keeper = Command::new("sh")
                .args(["-c", "read -r _; kill -9 \"$0\"; rm -rf \"$1\""])
                .args([
                    server.process_id().to_string().as_ref(),
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
        self.restart_until(READY);
    }

    /// The same, and goes on as soon as the server has said this in its log.
    pub fn restart_until(&mut self, said: &str) {
        self.kill();
        let mut process = self.command().spawn().expect(MISSING);
        let mut log = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut earlier = Vec::new();
        let is_there = log.by_ref().map_while(Result::ok).any(|line| {
            let is_there = line.contains(said);
            earlier.push(line);
            is_there
        });
        self.process = Some(process);
        let port = self.port;
        assert!(
            is_there,
            "the server on port {port} ended before it said {said:?}: {earlier:#?}"
        );
        // A pipe that nobody reads would stop the server once it is full.
        std::thread::spawn(move || log.for_each(drop));
    }

    fn command(&self) -> Command {
        let server = env::var(SERVER).unwrap_or_else(|_| "redis-server".to_owned());
        let mut command = match self.file_limit {
            None => Command::new(&server),
            Some(kib) => {
                let mut shell = Command::new("bash");
                // Only the soft limit, so that it can be raised while the server runs.
                let script = format!("trap '' XFSZ; ulimit -S -f {kib}; exec \"$0\" \"$@\"");
                shell.args(["-c", &script, &server]);
                shell
            }
        };
        let port = self.port.to_string();
        command
            .args(["--bind", "127.0.0.1", "--port", &port, "--save", ""])
            .args(["--unixsocket", "redis.sock", "--daemonize", "no"])
            .args(["--dir", &self.folder.path().display().to_string()])
            .args(match self.gives_least() {
                true => rights::arguments(),
                false => Vec::new(),
            })
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        command
    }

    /// Ends the server as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Whether the process is there.
    #[must_use]
    pub fn is_running(&mut self) -> bool {
        match &mut self.process {
            Some(process) => process.try_wait().unwrap().is_none(),
            None => false,
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
        let sent = Command::new("kill")
            .args([&format!("-{signal}"), &self.process_id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.process.as_ref().expect("the server runs").id()
    }

    /// Its TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its URL on TCP.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// The same, of who may do everything there.
    #[must_use]
    pub fn admin_url(&self) -> String {
        match self.gives_least() {
            true => self.url().replace("//", "//admin:any@"),
            false => self.url(),
        }
    }

    /// Whether who names no user has no more rights than it needs. The password that a test asks for is
    /// that one's.
    fn gives_least(&self) -> bool {
        let has_password = self
            .arguments
            .iter()
            .any(|argument| argument == "--requirepass");
        rights::are_least() && !has_password
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

    /// A plain client, which may do everything.
    #[must_use]
    pub fn client(&self) -> redis::Connection {
        redis::Client::open(self.admin_url())
            .unwrap()
            .get_connection()
            .unwrap()
    }

    /// For how many seconds a key is kept; below none where it is for good, or is not there.
    #[must_use]
    pub fn kept(&self, key: &str) -> i64 {
        let mut command = redis::cmd("TTL");
        command.arg(key).query(&mut self.client()).unwrap()
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
        entries.into_iter().map(RawEntry::new).collect()
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        self.kill();
    }
}
