//! What an operator, a full machine or a failover does to a running server.

use std::time::Duration;

use redis::Connection;

use super::{TestRedis, free_port};

/// Which commands a [pause](TestRedis::pause) holds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Commands {
    /// Those that write; reads go on.
    Write,
    /// All of them.
    All,
}

impl TestRedis {
    /// Takes commands and does not do them for this long, or until [`unpause`](Self::unpause).
    pub fn pause(&self, time: Duration, commands: Commands) {
        let mode = match commands {
            Commands::Write => "WRITE",
            Commands::All => "ALL",
        };
        let milliseconds = time.as_millis().to_string();
        self.run(&["CLIENT", "PAUSE", &milliseconds, mode]);
    }

    /// Does what was held up.
    pub fn unpause(&self) {
        self.run(&["CLIENT", "UNPAUSE"]);
    }

    /// Leaves no memory for another write.
    pub fn fill(&self) {
        self.configure("maxmemory", "1");
    }

    /// Gives the memory back.
    pub fn unfill(&self) {
        self.configure("maxmemory", "0");
    }

    /// Sets what a user may: a rule of `ACL SETUSER` each, `+@all` or `-multi` say. A user that is
    /// new has no rights, no keys and no password, and is off.
    pub fn allow(&self, user: &str, rules: &str) {
        let mut command = redis::cmd("ACL");
        command.arg("SETUSER").arg(user);
        rules.split_whitespace().for_each(|rule| {
            command.arg(rule);
        });
        command.exec(&mut self.client()).unwrap();
    }

    /// Takes a command or a category away from a user, who stays connected.
    pub fn deny(&self, user: &str, command: &str) {
        self.allow(user, &format!("-{command}"));
    }

    /// Makes it the replica of a master that is away.
    pub fn demote(&self) {
        self.run(&["REPLICAOF", "127.0.0.1", &free_port().to_string()]);
    }

    /// Makes it a replica of this one. Returns once they are linked.
    pub fn follow(&self, master: &Self) {
        self.run(&["REPLICAOF", "127.0.0.1", &master.port().to_string()]);
        let mut client = self.client();
        for _ in 0..MOST_TRIES {
            if info(&mut client, "replication", "master_link_status") == "up" {
                return;
            }
            std::thread::yield_now();
        }
        panic!("the replica has no link to its master");
    }

    /// Makes it a master.
    pub fn promote(&self) {
        self.run(&["REPLICAOF", "NO", "ONE"]);
    }

    /// Cuts all connections of clients but the one that this is asked on.
    pub fn kill_connections(&self) {
        self.run(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    }

    /// Changes a setting while the server runs.
    pub fn configure(&self, name: &str, value: &str) {
        self.run(&["CONFIG", "SET", name, value]);
    }

    /// A setting as it is now.
    #[must_use]
    pub fn configuration(&self, name: &str) -> String {
        let mut command = redis::cmd("CONFIG");
        let pair: Vec<String> = command
            .arg("GET")
            .arg(name)
            .query(&mut self.client())
            .unwrap();
        pair.into_iter().nth(1).unwrap_or_default()
    }

    /// One line's value of a section of `INFO`, empty where there is none.
    #[must_use]
    pub fn info(&self, section: &str, name: &str) -> String {
        info(&mut self.client(), section, name)
    }

    /// How many connections it has taken since it started. Asking is one more, also next time.
    #[must_use]
    pub fn connections_taken(&self) -> u64 {
        self.info("stats", "total_connections_received")
            .parse()
            .unwrap()
    }

    /// Puts something that is no stream where a job's stream would be.
    pub fn occupy(&self, key: &str) {
        self.run(&["SET", key, "x"]);
    }

    /// Runs a command, which has to succeed.
    pub fn run(&self, command: &[&str]) {
        let (name, arguments) = command.split_first().expect("a command has a name");
        redis::cmd(name)
            .arg(arguments)
            .exec(&mut self.client())
            .unwrap();
    }
}

fn info(client: &mut Connection, section: &str, name: &str) -> String {
    let text: String = redis::cmd("INFO").arg(section).query(client).unwrap();
    let value = |line: &str| {
        line.strip_prefix(name)?
            .strip_prefix(':')
            .map(str::to_owned)
    };
    text.lines().find_map(value).unwrap_or_default()
}

/// Each is a round trip.
const MOST_TRIES: usize = 500_000;
