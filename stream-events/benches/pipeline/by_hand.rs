//! What one writes first: an `XADD` that is awaited, event by event, through redis-rs.

use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;

use crate::job::{Payload, runtime};
use crate::part::{Numbers, play, rate};
use crate::placement::{self, at_work};
use crate::server::Server;

const EVENTS: u64 = 5_000;
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn run(server: &Server, streams: u64, payload: &Payload) -> Numbers {
    server.clear();
    let numbers = play(
        "awaited",
        &[&server.url(), &streams, &payload.data, &payload.timestamp],
        placement::client(),
    );
    assert_eq!(server.length(), EVENTS);
    numbers
}

/// URL, streams, and the payload.
pub(crate) fn part(arguments: &[String]) -> Numbers {
    let [url, streams, data, timestamp] = arguments else {
        panic!("{arguments:?}")
    };
    let streams: u64 = streams.parse().unwrap();
    runtime().block_on(async {
        let mut connection = connect(url).await;
        let (begun, before) = (Instant::now(), at_work());
        for n in 0..EVENTS {
            let key = format!("job_events:job_{:012}", n % streams);
            xadd(&mut connection, &key, data, timestamp).await;
        }
        rate(
            EVENTS as f64,
            begun.elapsed().as_secs_f64(),
            at_work() - before,
        )
    })
}

pub(crate) async fn connect(url: &str) -> MultiplexedConnection {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    // However busy the machine is with other things.
    connection.set_response_timeout(PATIENCE);
    connection
}

/// With the bound that ours have.
pub(crate) async fn xadd(
    connection: &mut MultiplexedConnection,
    key: &str,
    data: &str,
    timestamp: &str,
) {
    let mut command = redis::cmd("XADD");
    command.arg(key).arg("MAXLEN").arg("~").arg(10_000).arg("*");
    command
        .arg("data")
        .arg(data)
        .arg("timestamp")
        .arg(timestamp)
        .arg("event_type")
        .arg("task_progress");
    command.exec_async(connection).await.unwrap();
}
