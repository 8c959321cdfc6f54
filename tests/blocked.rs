//! Row 46: what happens to a store while a watch waits in it.
#![allow(clippy::unwrap_used)]

mod raw;

use std::time::Duration;

use raw::{KEY, add, add_fields, event, next, own, rest};
use stream_events::{EventType, Fields, Publisher, Reader, Watch};
use support::{TestRedis, wait_until};
use tokio::task::{JoinHandle, block_in_place};

const IN_TIME: Duration = Duration::from_secs(30);

/// A watch that has seen the start of its job, and waits for more.
async fn waiting(redis: &TestRedis, mut watch: Watch) -> JoinHandle<Vec<u64>> {
    assert_eq!(
        event(next(&mut watch).await).event_type(),
        &EventType::TaskStarted
    );
    let left = tokio::spawn(async move {
        let items = rest(&mut watch).await.into_iter();
        items.map(|item| event(Some(item)).seq().unwrap()).collect()
    });
    block_in_place(|| {
        wait_until("it waits", || {
            redis.info("clients", "blocked_clients") == "1"
        });
    });
    left
}

/// What happens to the server while a watch of a job waits for more: it sees all that comes.
async fn is_read_on(redis: &mut TestRedis, happens: impl FnOnce(&mut TestRedis)) {
    let publisher = Publisher::connect(redis.url()).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    let left = waiting(redis, publisher.reader().watch("job_001").unwrap()).await;
    happens(redis);
    job.emit("row", Fields::new());
    job.completed(&());
    assert!(publisher.flush(IN_TIME).await.complete);
    assert_eq!(left.await.unwrap(), [1, 2]);
}

fn comes_again(redis: &mut TestRedis) {
    redis.kill();
    redis.restart();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_deleted_under_a_watch_that_waits_is_read_on() {
    is_read_on(&mut TestRedis::start(), |redis| redis.run(&["DEL", KEY])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_under_a_watch_that_waits_is_opened_again() {
    is_read_on(&mut TestRedis::start(), |redis| redis.kill_connections()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_under_a_watch_that_waits_is_waited_for() {
    is_read_on(&mut TestRedis::with_aof(), comes_again).await;
}

/// What comes back empty gets again what its publisher holds: the stream was away, and is not gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_back_empty_under_a_watch_that_waits_is_read_on() {
    is_read_on(&mut TestRedis::start(), comes_again).await;
}

/// A job that goes on makes its stream anew: one look in which it is not there says nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_was_away_when_a_watch_looked_for_it_is_read_on() {
    let redis = TestRedis::start();
    add(&redis, &own("task_started", "a", 0));
    let reader = Reader::connect(redis.reader_url()).unwrap();
    let reader = reader.with_grace(Duration::from_secs(2));
    let left = waiting(&redis, reader.watch("job_001").unwrap()).await;
    redis.run(&["DEL", KEY]);
    redis.run(&["CONFIG", "RESETSTAT"]);
    block_in_place(|| {
        wait_until("it was looked for", || {
            redis.calls("xinfo|stream") + redis.calls("xinfo") > 0
        });
    });
    add(&redis, &own("task_completed", "a", 1));
    assert_eq!(left.await.unwrap(), [1]);
}

/// A sequence of bytes that looks random, and is the same each time.
fn noise(seed: u64) -> impl Iterator<Item = u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    })
}

/// Row 47: whatever bytes stand there, each entry comes as it is, and so does the end.
#[tokio::test]
async fn entries_of_any_bytes_come_through_as_they_are() {
    const ENTRIES: u64 = 400;
    let redis = TestRedis::start();
    let pieces: [&[u8]; 12] = [
        b"{",
        b"}",
        b"\"run\":\"a\"",
        b"\"seq\":",
        b"1",
        b",",
        b"\xff",
        b"\0",
        b"\r\n",
        b"\"\\ud800\"",
        b"NaN",
        b"task_completed",
    ];
    let value = |seed: u64| -> Vec<u8> {
        let mut noise = noise(seed);
        let count = noise.next().unwrap() % 12;
        let chosen: Vec<_> = noise.by_ref().take(usize::from(count)).collect();
        let of = |byte: &u8| match byte % 16 {
            nth @ 0..12 => pieces[usize::from(nth)].to_vec(),
            _ => vec![*byte],
        };
        chosen.iter().flat_map(of).collect()
    };
    let names = ["data", "timestamp", "event_type", "other"];
    let mut written = Vec::new();
    for n in 0..ENTRIES {
        let count = n as usize % 4 + 1;
        let fields = names[4 - count..]
            .iter()
            .map(|name| (*name, value(n * 7 + name.len() as u64)));
        let fields: Vec<_> = fields.collect();
        let as_given: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, &value[..]))
            .collect();
        add_fields(&redis, &as_given);
        written.push(fields);
    }
    add_fields(&redis, &[("event_type", b"task_completed")]);
    let reader = Reader::connect(redis.reader_url()).unwrap();
    let items = rest(&mut reader.watch("job_001").unwrap()).await;
    assert_eq!(items.len() as u64, ENTRIES + 1);
    for (item, fields) in items.into_iter().zip(&written) {
        let event = event(Some(item));
        for (name, value) in fields {
            assert_eq!(event.raw(name), Some(&value[..]), "{event}");
        }
        let _ = (event.details(), event.timestamp(), event.result::<u8>());
    }
    let state = reader.state("job_001").await.unwrap().unwrap();
    assert_eq!(state.events, ENTRIES + 1);
}
