//! What the servers of a cluster see of each other.

use super::answers::query;
use super::port::BUS;
use super::{Proxy, TestCluster};

impl TestCluster {
    /// Has a master lose sight of all others, and them of it: it says of the cluster that it is alone.
    pub fn cut_off(&self, server: usize) {
        let bus = Proxy::to_port(self.server(server).port() + BUS);
        let port = bus.port().to_string();
        let named = format!(":{}@{port}", self.server(server).port());
        self.server(server)
            .configure("cluster-announce-bus-port", &port);
        self.wait("all go by way of the proxy", |cluster| {
            let others = cluster.up().into_iter().filter(|other| *other != server);
            others
                .map(|other| cluster.nodes(other))
                .all(|nodes| nodes.contains(&named))
        });
        // Before it forgets them: it would tell those that reach it to forget each other, too.
        drop(bus);
        let mut forget = redis::pipe();
        // At once: of one that is left it would hear of the others.
        forget.atomic();
        for other in self.up().into_iter().filter(|other| *other != server) {
            forget.cmd("CLUSTER").arg("FORGET").arg(self.id(other));
        }
        forget.exec(&mut self.server(server).client()).unwrap();
    }

    /// Waits until all servers that run say the same of who has which slots, and by which epoch. One that is given a
    /// slot leaves its claim as old as it is where it knows of none that is as new. Where the server that had the
    /// slot has such a one, it gives the slot back once it hears of that, and throws away what is in it; and as
    /// that one was told of the move, each then says that the other has it.
    pub(crate) fn agree(&self) {
        self.wait("all servers agree on who has which slots", |cluster| {
            let mut claims = cluster
                .up()
                .into_iter()
                .map(|server| cluster.claims(server));
            let first = claims.next();
            claims.all(|claims| Some(claims) == first)
        });
    }

    /// Each master that has slots, its epoch and its slots, as this server says.
    fn claims(&self, server: usize) -> Vec<String> {
        let nodes = self.nodes(server);
        let claim = |line: &str| {
            let words: Vec<_> = line.split(' ').collect();
            let slots = words.iter().skip(8).filter(|word| !word.starts_with('['));
            let slots: Vec<_> = slots.copied().collect();
            (!slots.is_empty()).then(|| format!("{} {} {}", words[0], words[6], slots.join(" ")))
        };
        let mut claims: Vec<_> = nodes.lines().filter_map(claim).collect();
        claims.sort_unstable();
        claims
    }

    /// What a server says of all that it knows.
    pub(crate) fn nodes(&self, server: usize) -> String {
        query(&mut self.server(server).client(), &["CLUSTER", "NODES"]).unwrap()
    }
}
