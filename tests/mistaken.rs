//! URLs of one kind of store that lead to a server of another: the error and the log say which it is, once, and what its
//! URL is.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use stream_events::{ErrorKind, Publisher, Query, Reader};
use support::{Log, MASTER, Sentinel, TestCluster, TestRedis};
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(30);

/// What is wrong, by all who say it.
struct Said {
    errors: Vec<String>,
    log: String,
}

impl Said {
    /// Of jobs with these ids.
    async fn of(url: &str, jobs: &[String], log: &Log) -> Self {
        let before = log.text().len();
        let reader = Reader::connect(url).unwrap();
        let mut errors = Vec::new();
        for job in jobs {
            let read = [
                reader.stream_info(&**job).await.err(),
                reader.state(&**job).await.err(),
                reader
                    .history(&**job)
                    .unwrap()
                    .next()
                    .await
                    .and_then(Result::err),
            ];
            errors.extend(read.map(|error| error.expect("it is refused")));
            for mut watch in [
                reader.watch(&**job).unwrap(),
                reader.hub().watch(&**job).unwrap(),
            ] {
                let item = timeout(SOON, watch.next()).await.unwrap().unwrap();
                errors.push(item.unwrap_err());
            }
        }
        errors.extend(reader.jobs(Query::default()).page().await.err());
        assert!(
            errors
                .iter()
                .all(|error| error.kind() == ErrorKind::Rejected),
            "{errors:?}"
        );
        let builder = Publisher::builder().url(url);
        let publisher = builder
            .publish_timeout(Duration::from_secs(1))
            .connect()
            .unwrap();
        for job in jobs {
            let refused = publisher.publish_task_started(&**job, "t", &()).await;
            errors.push(refused.unwrap_err());
        }
        Self {
            errors: errors.iter().map(ToString::to_string).collect(),
            log: log.text()[before..].to_owned(),
        }
    }

    /// Each says one of these; the log once, and nothing else.
    fn is(&self, url: &str, said: &[&str]) {
        let says = |text: &String| said.iter().any(|said| text.contains(said));
        for error in &self.errors {
            assert!(says(error), "{url}: {error}");
        }
        assert_eq!(self.log.lines().count(), 1, "{url}: {}", self.log);
        assert!(says(&self.log), "{url}: {}", self.log);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_another_kind_is_told_by_its_name_with_its_url() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_ansi(false);
    subscriber.with_writer(log.writer()).init();
    let redis = TestRedis::start();
    // Who names no user may do everything there.
    let tester = [
        "user tester on >any allchannels +@all",
        "sentinel sentinel-user tester",
        "sentinel sentinel-pass any",
    ];
    let sentinel = Sentinel::at("127.0.0.1", redis.port(), &tester);
    let cluster = TestCluster::start(2, 0);
    let [server, node] =
        [redis.port(), cluster.server(0).port()].map(|port| format!("127.0.0.1:{port}"));
    let ids = (0..).map(|n| format!("job_{n}"));
    let elsewhere = ids.filter(|id| cluster.owner(&format!("job_events:{id}")) == 1);
    let elsewhere: Vec<_> = elsewhere.take(2).collect();
    let sentinel = sentinel.address();
    let of_cluster =
        "the server is one of a cluster, whose URL is redis+cluster:// or rediss+cluster://: ";
    let no_sentinel =
        "): the URL of a single server is redis://, and of a cluster redis+cluster://";
    let of_others = "): the URL of a single one is redis://, and of sentinels redis+sentinel://";
    let of_sentinel = "redis+sentinel://host:26379/name, with the master's name";
    // Of Valkey, whose clusters have databases, but just the one if not told otherwise.
    let of_database = "ERR DB index is out of range";
    for (url, said) in [
        (format!("redis://{sentinel}"), &[of_sentinel][..]),
        (format!("redis://{sentinel}/1"), &[of_sentinel]),
        (
            format!("redis+sentinel://{server}/{MASTER}"),
            &[no_sentinel],
        ),
        (format!("redis+sentinel://{node}/{MASTER}"), &[no_sentinel]),
        (format!("redis+cluster://{server}"), &[of_others]),
        (format!("redis+cluster://{sentinel}"), &[of_others]),
        (format!("redis://{node}"), &[of_cluster]),
        (format!("redis://{node}/1"), &[of_cluster, of_database]),
    ] {
        Said::of(&url, &elsewhere, &log).await.is(&url, said);
    }
}
