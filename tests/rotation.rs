//! Credentials that change while jobs run, of the servers of a cluster and of those that sentinels watch.
#![allow(clippy::unwrap_used)]

mod followed;
mod sharded;

use std::sync::{Arc, Mutex};

use followed::followed_all;
use sharded::{Fleet, LONG};
use stream_events::{Credentials, Publisher, Reader};
use support::{Sentinel, TestCluster, TestRedis, url_of};
use tokio::time::timeout;

/// What lets `writer` in, as it is now.
#[derive(Clone)]
struct Password(Arc<Mutex<String>>);

impl Password {
    /// Asked at each connect.
    fn give(
        &self,
    ) -> impl Fn() -> std::future::Ready<Result<Credentials, String>> + Send + Sync + 'static {
        let password = Arc::clone(&self.0);
        move || {
            let password = password.lock().unwrap().clone();
            std::future::ready(Ok(Credentials::new("writer", password)))
        }
    }

    /// From now on it is this one, and who is there has to come again.
    fn become_on<'a>(&self, to: &str, servers: impl IntoIterator<Item = &'a TestRedis> + Clone) {
        // Both are taken for a moment: who came in between would be refused, and rest for long.
        for server in servers.clone() {
            server.allow("writer", &format!(">{to}"));
        }
        to.clone_into(&mut self.0.lock().unwrap());
        for server in servers {
            server.allow("writer", &format!("reset on >{to} ~* &* +@all"));
            server.kill_connections();
        }
    }
}

const JOBS: usize = 12;

/// Publisher and readers of this URL, whose own user lets nobody in, while the password changes thrice.
async fn is_followed(url: &str, mut change: impl FnMut(&str), password: &Password) -> Fleet {
    change("p0");
    let url = url.replace("://", "://writer:stale@");
    let publisher = Publisher::builder().url(&url).credentials(password.give());
    let publisher = publisher.connect().unwrap();
    let reader = Reader::connect(&url).unwrap();
    let reader = reader.with_credentials(password.give()).unwrap();
    let fleet = Fleet::begin(&publisher, JOBS);
    let mut watch = reader.watch_many(fleet.ids()).unwrap();
    let follows = tokio::spawn(async move {
        followed_all(&mut watch, JOBS, 62).await;
        assert!(timeout(LONG, watch.next()).await.unwrap().is_none());
    });
    for turn in 1..=3 {
        fleet.emit(10);
        assert!(publisher.flush(LONG).await.complete);
        change(&format!("p{turn}"));
        fleet.emit(10);
        let report = publisher.flush(LONG).await;
        assert!(report.complete, "{report}");
        assert_eq!(reader.stream_length("job_0").await.unwrap(), turn * 20 + 1);
    }
    fleet.end();
    let report = publisher.flush(LONG).await;
    assert!(report.complete, "{report}");
    follows.await.unwrap();
    fleet
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_server_of_a_cluster_is_entered_with_what_is_given_then() {
    let cluster = TestCluster::start(3, 0);
    let password = Password(Arc::default());
    let change = |to: &str| password.become_on(to, (0..3).map(|server| cluster.server(server)));
    let fleet = is_followed(&cluster.url(), change, &password).await;
    fleet.is_exact(&cluster, 62);
}

/// They have no such user, and would let nobody in by it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_sentinel_it_is_the_servers_that_are_told_and_not_the_sentinels() {
    let redis = TestRedis::start();
    let sentinel = Sentinel::alone(&redis);
    let password = Password(Arc::default());
    let change = |to: &str| password.become_on(to, [&redis]);
    let fleet = is_followed(&url_of([&sentinel]), change, &password).await;
    for key in fleet.keys() {
        let seqs = support::seqs(&redis.entries(&key));
        assert_eq!(seqs, (0..62).collect::<Vec<_>>(), "{key}");
    }
}
