//! A server of a cluster that does not let us in, as its password is another: what it has waits until that is
//! mended, as where it is away, and nothing else does.
#![allow(clippy::unwrap_used)]

mod sharded;

use std::collections::BTreeSet;
use std::time::Duration;

use sharded::{Fleet, LONG};
use stream_events::{FeedItem, Item, Publisher, Reader};
use support::{TestCluster, wait_until};
use tokio::time::timeout;

const JOBS: usize = 20;

/// Who has been there all the time is not let in any more.
fn bar(cluster: &TestCluster, server: usize) {
    cluster.on(server, &["ACL", "SETUSER", "app", "resetpass", ">other"]);
    cluster.on(server, &["CLIENT", "KILL", "USER", "app"]);
}

fn let_in(cluster: &TestCluster, server: usize) {
    cluster.on(server, &["ACL", "SETUSER", "app", ">secret"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_has_that_does_not_let_us_in_waits_until_it_does() {
    let rights = ["--user", "app", "on", ">secret", "~*", "&*", "+@all"];
    let cluster = TestCluster::with(2, 0, &rights);
    let url = cluster.url().replace("//", "//app:secret@");
    let publisher = Publisher::connect(&url).unwrap();
    let reader = Reader::connect(&url).unwrap();
    let mut feed = reader.feed();
    let ends = tokio::spawn(async move {
        let mut ends = BTreeSet::new();
        while ends.len() < JOBS {
            if let FeedItem::Event(event) = feed.next().await.unwrap().unwrap()
                && event.is_terminal()
            {
                ends.insert(event.job_id().unwrap());
            }
        }
    });
    publisher.job("before", "t").unwrap().completed(&());
    assert!(publisher.flush(LONG).await.complete);

    bar(&cluster, 1);
    let fleet = Fleet::begin(&publisher, JOBS);
    let theirs = fleet.on(&cluster, 1);
    let mut watch = reader.watch(&*theirs[0]).unwrap();
    fleet.emit(5);
    fleet.end();
    let others = (JOBS - theirs.len()) as u64 * 7;
    wait_until("the other server has all that is its own", || {
        publisher.stats().delivered == 2 + others
    });
    // What is refused for good is so at the first try.
    let first = timeout(Duration::from_secs(3), watch.next()).await;
    assert!(first.is_err(), "{first:?}");

    let_in(&cluster, 1);
    assert!(publisher.flush(LONG).await.complete);
    timeout(LONG, ends).await.unwrap().unwrap();
    let stats = publisher.stats();
    assert_eq!((stats.unindexed, stats.unleased), (0, 0));
    for seq in 0..7 {
        let item = timeout(LONG, watch.next()).await.unwrap();
        let Some(Ok(Item::Event(event))) = item else {
            panic!("{item:?}")
        };
        assert_eq!(event.seq(), Some(seq));
    }
    fleet.is_exact(&cluster, 7);
}
