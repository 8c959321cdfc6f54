//! A real cluster: masters and replicas on loopback, started by a test and gone with it.

use super::TestRedis;
use super::port::free_pair;

/// Servers with all slots among them, in the order in which they were started: the masters first. A server
/// is named by its place in that order.
#[derive(Debug)]
pub struct TestCluster {
    servers: Vec<TestRedis>,
    ids: Vec<String>,
    is_down: Vec<bool>,
    /// Where they speak TLS, where that is how they speak to each other.
    tls_ports: Vec<u16>,
}

pub(crate) const SLOTS: usize = 16_384;
/// After so long in ms without a word a server is held to be down: by then others take over.
const NODE_TIMEOUT: &str = "1000";

impl TestCluster {
    /// So many masters, and so many replicas of them in turn.
    #[must_use]
    pub fn start(masters: usize, replicas: usize) -> Self {
        Self::with(masters, replicas, &[])
    }

    /// The same, each server with arguments of the test's own.
    #[must_use]
    pub fn with(masters: usize, replicas: usize, arguments: &[&str]) -> Self {
        let mut cluster = Self {
            servers: Vec::new(),
            ids: Vec::new(),
            is_down: Vec::new(),
            tls_ports: Vec::new(),
        };
        for _ in 0..masters + replicas {
            cluster.start_one(arguments);
        }
        for master in 0..masters {
            let epoch = (master + 1).to_string();
            cluster.on(master, &["CLUSTER", "SET-CONFIG-EPOCH", &epoch]);
            let slots = SLOTS * master / masters..SLOTS * (master + 1) / masters;
            let slots: Vec<_> = slots.map(|slot| slot.to_string()).collect();
            let slots = slots.iter().map(String::as_str);
            let command: Vec<_> = ["CLUSTER", "ADDSLOTS"].into_iter().chain(slots).collect();
            cluster.on(master, &command);
        }
        (1..masters + replicas).for_each(|server| cluster.meet(server));
        cluster.wait("all know each other", |cluster| cluster.all_are_ok());
        for replica in 0..replicas {
            let master = cluster.ids[replica % masters].clone();
            cluster.on(masters + replica, &["CLUSTER", "REPLICATE", &master]);
        }
        cluster.wait("the replicas follow", |cluster| {
            cluster.has_replicas(replicas)
        });
        cluster
    }

    fn start_one(&mut self, arguments: &[&str]) -> usize {
        let own = [
            "--cluster-enabled",
            "yes",
            "--cluster-node-timeout",
            NODE_TIMEOUT,
            "--cluster-replica-validity-factor",
            "0",
            "--repl-diskless-sync-delay",
            "0",
            "--appendonly",
            "no",
        ];
        let tls = arguments.contains(&"--tls-cluster").then(free_pair);
        self.tls_ports.extend(tls);
        let tls = tls.map(|port| format!("--tls-port {port}"));
        let tls: Vec<_> = tls.iter().flat_map(|tls| tls.split(' ')).collect();
        let server = TestRedis::on(free_pair(), &[&own, arguments, &tls].concat(), None);
        let mut client = server.client();
        let mut command = redis::cmd("CLUSTER");
        self.ids
            .push(command.arg("MYID").query(&mut client).unwrap());
        self.servers.push(server);
        self.is_down.push(false);
        self.servers.len() - 1
    }

    fn meet(&self, server: usize) {
        let port = self.tls_ports.get(server).copied();
        let port = port.unwrap_or_else(|| self.servers[server].port());
        let port = port.to_string();
        self.on(self.any(), &["CLUSTER", "MEET", "127.0.0.1", &port]);
    }

    /// One more master, without a slot.
    pub fn add_node(&mut self) -> usize {
        let server = self.start_one(&[]);
        self.meet(server);
        self.wait("the new one is known", |cluster| cluster.all_are_ok());
        server
    }

    /// Moves all slots of this server to the others that have some, has it forgotten, and ends it.
    pub fn remove_node(&mut self, server: usize) {
        let slots = self.slots_of(server);
        let mut others = self.masters();
        others.retain(|master| *master != server);
        for (nth, slot) in slots.into_iter().enumerate() {
            self.move_slot(slot, others[nth % others.len()]);
        }
        self.kill(server);
        let id = self.ids[server].clone();
        for other in self.up() {
            self.on(other, &["CLUSTER", "FORGET", &id]);
        }
    }

    /// Ends the master that has the key, as a crash would. It is returned.
    pub fn kill_master(&mut self, key: &str) -> usize {
        let master = self.owner(key);
        self.kill(master);
        master
    }

    /// Ends a server as a crash would.
    pub fn kill(&mut self, server: usize) {
        self.servers[server].kill();
        self.is_down[server] = true;
    }

    /// Starts a server again that was ended.
    pub fn restart(&mut self, server: usize) {
        self.servers[server].restart();
        self.is_down[server] = false;
    }

    /// Stops a server, which does not answer until it goes on.
    pub fn freeze(&mut self, server: usize) {
        self.servers[server].freeze();
        self.is_down[server] = true;
    }

    /// Has it go on.
    pub fn thaw(&mut self, server: usize) {
        self.servers[server].thaw();
        self.is_down[server] = false;
    }

    /// Its URL, with all servers that were ever started.
    #[must_use]
    pub fn url(&self) -> String {
        let each = self
            .servers
            .iter()
            .map(|server| format!("127.0.0.1:{}", server.port()));
        format!("redis+cluster://{}", each.collect::<Vec<_>>().join(","))
    }

    /// The same over TLS.
    #[must_use]
    pub fn tls_url(&self) -> String {
        let each = self.tls_ports.iter();
        let each = each.map(|port| format!("127.0.0.1:{port}"));
        format!("rediss+cluster://{}", each.collect::<Vec<_>>().join(","))
    }

    /// A server.
    #[must_use]
    pub fn server(&self, server: usize) -> &TestRedis {
        &self.servers[server]
    }

    /// The servers that run.
    #[must_use]
    pub fn up(&self) -> Vec<usize> {
        (0..self.servers.len())
            .filter(|server| !self.is_down[*server])
            .collect()
    }

    pub(crate) fn any(&self) -> usize {
        *self.up().first().expect("a server runs")
    }

    pub(crate) fn id(&self, server: usize) -> &str {
        &self.ids[server]
    }

    /// The server of this id.
    pub(crate) fn server_of(&self, id: &str) -> usize {
        let is_it = |known: &String| known == id;
        self.ids.iter().position(is_it).expect("it is one of ours")
    }
}
