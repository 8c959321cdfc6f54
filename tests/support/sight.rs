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

    /// What a server says of all that it knows.
    pub(crate) fn nodes(&self, server: usize) -> String {
        query(&mut self.server(server).client(), &["CLUSTER", "NODES"]).unwrap()
    }
}
