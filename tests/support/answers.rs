//! What the servers of a cluster answer, and waits for an answer.

use std::time::{Duration, Instant};

use redis::{Connection, FromRedisValue, Value};

use super::{RawEntry, TestCluster};

impl TestCluster {
    /// Runs a command at one server, which has to succeed.
    pub fn on(&self, server: usize, command: &[&str]) {
        self.server(server).run(command);
    }

    /// All of a stream as the server has it that has the stream, which is waited for.
    #[must_use]
    pub fn entries(&self, key: &str) -> Vec<RawEntry> {
        let entries: Vec<(String, Vec<String>)> = self.ask(key, &["XRANGE", key, "-", "+"]);
        entries.into_iter().map(RawEntry::new).collect()
    }

    /// The answer to a command of the server that has the key, which is waited for.
    #[must_use]
    pub fn ask<T: FromRedisValue>(&self, key: &str, command: &[&str]) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            let mut client = self.server(self.owner(key)).client();
            match query(&mut client, command) {
                Ok(answer) => return answer,
                Err(error) => assert!(Instant::now() < until, "{command:?}: {error}"),
            }
            std::thread::sleep(SHORT);
        }
    }

    /// Waits until every server that runs says that all slots are served.
    pub fn wait_until_ok(&self) {
        self.wait("the cluster is well", Self::all_are_ok);
    }

    /// The same, and that so many replicas follow.
    pub fn wait_until_whole(&self, replicas: usize) {
        self.wait("the cluster is whole", |cluster| {
            cluster.all_are_ok() && cluster.has_replicas(replicas)
        });
    }

    pub(crate) fn all_are_ok(&self) -> bool {
        let up = self.up();
        let is_ok = |server: &usize| {
            let mut client = self.server(*server).client();
            let info: String = query(&mut client, &["CLUSTER", "INFO"]).unwrap_or_default();
            let nodes: String = query(&mut client, &["CLUSTER", "NODES"]).unwrap_or_default();
            let linked = nodes.lines().filter(|line| !line.contains("disconnected"));
            let linked = linked.filter(|line| !line.contains("handshake"));
            info.contains("cluster_state:ok") && linked.count() >= up.len()
        };
        up.iter().all(is_ok)
    }

    pub(crate) fn has_replicas(&self, replicas: usize) -> bool {
        let knows = |server: usize| {
            let mut client = self.server(server).client();
            let nodes: String = query(&mut client, &["CLUSTER", "NODES"]).unwrap_or_default();
            nodes.lines().filter(|line| line.contains("slave")).count() == replicas
        };
        let follows = |server: usize| {
            let server = self.server(server);
            server.info("replication", "role") != "slave"
                || server.info("replication", "master_link_status") == "up"
        };
        self.up()
            .into_iter()
            .all(|server| knows(server) && follows(server))
    }

    /// Waits until this is so.
    pub fn wait(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < until, "{what}");
            std::thread::sleep(SHORT);
        }
    }
}

pub(crate) fn query<T: FromRedisValue>(
    client: &mut Connection,
    command: &[&str],
) -> redis::RedisResult<T> {
    let (name, arguments) = command.split_first().expect("a command has a name");
    let answer: Value = redis::cmd(name).arg(arguments).query(client)?;
    Ok(redis::from_redis_value(answer)?)
}

const SHORT: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(30);
