//! A publisher and a reader of a cluster with the rights that the documentation gives them, and no others.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "others have more of it")]
mod allowed;
mod rows;

use std::time::Duration;

use allowed::{becomes_so, is_asked, listen, refused};
use rows::flushed;
use stream_events::{ErrorKind, EventId, Publisher, Query, Reader, Status};
use support::{Program, TestCluster, cluster_rights, kinds, rights, scenario, wait_until};
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(30);

/// The URL by which this user comes, who may do what is documented but for this.
fn user(cluster: &TestCluster, name: &str, without: &str) -> String {
    let rules = [rights(name), cluster_rights(name)].concat();
    let rules = rules.into_iter().filter(|rule| rule[1..] != *without);
    let rules = rules.collect::<Vec<_>>().join(" ");
    for server in cluster.up() {
        let rules = format!("reset on >secret {rules}");
        cluster.server(server).allow(name, &rules);
    }
    let credentials = format!("://{name}:secret@");
    cluster.url().replace("://", &credentials)
}

fn is_asked_anywhere(cluster: &TestCluster, command: &str) -> bool {
    let is_asked = |server| is_asked(&mut cluster.server(server).client(), command);
    cluster.up().into_iter().any(is_asked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_cluster_the_rights_that_are_documented_are_enough_and_each_is_needed() {
    let cluster = TestCluster::start(2, 0);
    let publisher = Publisher::connect(user(&cluster, "publisher", "")).unwrap();
    let reader = Reader::connect(user(&cluster, "reader", "")).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    let mut watch = reader.watch("job_001").unwrap();
    let mut shared = reader.hub().watch("job_001").unwrap();
    for watch in [&mut watch, &mut shared] {
        timeout(SOON, watch.next()).await.unwrap().unwrap().unwrap();
    }
    for n in 0..30 {
        publisher
            .job(format!("job_{n}"), "t")
            .unwrap()
            .completed(&());
    }
    // Its stream begins where the slot is to be, so that who comes to the other server has to ask.
    let key = "job_events:on_its_way";
    let (slot, from) = (cluster.slot(key), cluster.owner(key));
    cluster.begin_move(slot, 1 - from);
    publisher.job("on_its_way", "t").unwrap().completed(&());
    flushed(&publisher).await;
    let state = reader.state("on_its_way").await.unwrap().unwrap();
    assert_eq!(state.status, Status::Completed);
    let less = user(&cluster, "reader", "asking");
    let less = Reader::connect(less).unwrap();
    let said = less.stream_length("on_its_way").await.unwrap_err();
    assert!(said.to_string().contains("'asking'"), "{said}");
    user(&cluster, "reader", "");
    for server in cluster.up() {
        cluster.on(server, &["ACL", "LOG", "RESET"]);
    }
    cluster.end_move(slot, from, 1 - from);
    wait_until("a hub sees whether its servers are there", || {
        is_asked_anywhere(&cluster, "ping")
    });
    job.completed(&());
    flushed(&publisher).await;
    for watch in [&mut watch, &mut shared] {
        timeout(SOON, watch.next()).await.unwrap().unwrap().unwrap();
        assert!(timeout(SOON, watch.next()).await.unwrap().is_none());
    }
    let page = reader.jobs(Query::default()).page().await.unwrap();
    assert_eq!(page.jobs.len(), 32);
    let mut feed = reader.feed().after(EventId::ZERO);
    timeout(SOON, feed.next()).await.unwrap().unwrap().unwrap();
    let mut group = reader.feed_group("g").unwrap().after(EventId::ZERO);
    let assigned = timeout(SOON, group.next()).await.unwrap().unwrap().unwrap();
    assigned.ack().await.unwrap();
    for name in ["publisher", "reader"] {
        for rule in cluster_rights(name) {
            assert!(is_asked_anywhere(&cluster, &rule[1..]), "{rule}");
        }
    }
    for server in cluster.up() {
        let refused = refused(cluster.server(server));
        assert!(refused.is_empty(), "{refused:?}");
    }
    let url = user(&cluster, "reader", "cluster|slots");
    let blind = Reader::connect(url).unwrap().stream_length("job_001").await;
    let blind = blind.unwrap_err();
    assert_eq!(blind.kind(), ErrorKind::Rejected, "{blind}");
    let said = blind.to_string();
    assert!(
        said.contains("'cluster") && !said.contains("secret"),
        "{said}"
    );
}

/// A child's part: a job whose slot is on its way, and others.
async fn publishes(url: &str) {
    let log = listen();
    let publisher = Publisher::connect(url).unwrap();
    let job = publisher.job("on_its_way", "t").unwrap();
    becomes_so("it is said", || log.count("takes no events (") > 0).await;
    for n in 0..30 {
        publisher
            .publish_task_started(format!("job_{n}"), "t", &())
            .await
            .unwrap();
    }
    assert_eq!(publisher.stats().pending, 1);
    println!("the others are there");
    job.completed(&());
    flushed(&publisher).await;
    println!("{}", log.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publisher_that_may_not_ask_waits_with_what_is_on_its_way_and_says_so_once_by_name() {
    const TEST: &str =
        "a_publisher_that_may_not_ask_waits_with_what_is_on_its_way_and_says_so_once_by_name";
    if let Some(url) = scenario() {
        return publishes(&url).await;
    }
    let cluster = TestCluster::start(2, 0);
    let key = "job_events:on_its_way";
    let (slot, from) = (cluster.slot(key), cluster.owner(key));
    cluster.begin_move(slot, 1 - from);
    let mut publisher = Program::again(TEST, &user(&cluster, "publisher", "asking")).start();
    publisher.wait_for("the others are there");
    cluster.end_move(slot, from, 1 - from);
    let exit = publisher.wait();
    exit.passed();
    assert_eq!(exit.said.matches("'asking'").count(), 1, "{}", exit.said);
    assert!(!exit.said.contains("secret"), "{}", exit.said);
    assert_eq!(
        kinds(&cluster.entries(key)),
        ["task_started", "task_completed"]
    );

    let url = user(&cluster, "publisher", "cluster|slots");
    let builder = Publisher::builder().url(url);
    let blind = builder.publish_timeout(Duration::from_secs(1)).connect();
    let refused = blind
        .unwrap()
        .publish_task_started("job_001", "t", &())
        .await;
    let said = refused.unwrap_err().to_string();
    assert!(
        said.contains("'cluster") && !said.contains("secret"),
        "{said}"
    );
}

/// On which connections a reader has asked a server whether it is there, and how often that was refused.
fn probed(cluster: &TestCluster) -> (Vec<String>, u64) {
    let (mut connections, mut refusals) = (Vec::new(), 0);
    for server in cluster.up() {
        let mut command = redis::cmd("CLIENT");
        let mut client = cluster.server(server).client();
        let list: String = command.arg("LIST").query(&mut client).unwrap();
        let is_probe =
            |client: &&str| client.contains("cmd=ping") && client.contains("user=reader");
        let of_server = list.lines().filter(is_probe);
        connections.extend(of_server.map(|client| client.split(' ').next().unwrap().to_owned()));
        let stats = cluster.server(server).info("commandstats", "cmdstat_ping");
        let refused = stats.split("rejected_calls=").nth(1).unwrap_or("0");
        let refused = refused.split(',').next().unwrap_or_default();
        refusals += refused.parse::<u64>().unwrap();
    }
    (connections, refusals)
}

/// A refusal is an answer, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_may_not_ask_whether_a_server_is_there_hears_that_it_is() {
    let cluster = TestCluster::start(2, 0);
    let publisher = Publisher::connect(user(&cluster, "publisher", "")).unwrap();
    let reader = Reader::connect(user(&cluster, "reader", "ping")).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    let mut watch = reader.hub().watch("job_001").unwrap();
    timeout(SOON, watch.next()).await.unwrap().unwrap().unwrap();
    wait_until("both are asked, in vain", || probed(&cluster).0.len() == 2);
    let (before, refusals) = probed(&cluster);
    wait_until("they are asked again", || probed(&cluster).1 > refusals + 4);
    assert_eq!(probed(&cluster).0, before, "the connections stand");
    job.completed(&());
    timeout(SOON, watch.next()).await.unwrap().unwrap().unwrap();
    assert!(timeout(SOON, watch.next()).await.unwrap().is_none());
}
