//! The checker finds what it is made for: a publisher or a reader with one fault breaks the invariant
//! that it should.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use stream_events::{Fields, Publisher, Reader};
use support::{Proxy, Rule, TestRedis, Way};

use crate::checker::{Invariant, broken, violations};
use crate::evidence::{Evidence, Life, View};
use crate::naive::{FromNow, JOB, Naive, TOKEN, stream};
use crate::watchers::look_back;

/// What is found wrong with the stream as it is, a process, and what a reader has seen.
fn found(server: &TestRedis, life: Life, view: View) -> (BTreeSet<Invariant>, Vec<String>) {
    let found = violations(&Evidence {
        lives: vec![life],
        streams: BTreeMap::from([(JOB.to_owned(), stream(server))]),
        views: vec![view],
        most_memory: u64::MAX,
        ..Evidence::default()
    });
    let texts = found.iter().map(|violation| violation.what.clone());
    (broken(&found), texts.collect())
}

/// What the SDK's reader sees.
async fn view(server: &TestRedis) -> View {
    let reader = Reader::connect(server.url()).unwrap();
    let end = stream(server).last().map(|event| event.id);
    look_back(reader, JOB.to_owned(), end).await
}

#[tokio::test]
async fn without_ids_that_a_server_takes_once_events_stand_twice() {
    let server = TestRedis::start();
    let proxy = Proxy::to(&server);
    let mut publisher = Naive::default();
    publisher.publish(&proxy.url(), "task_started");
    // The answer to the next is lost with its connection.
    proxy.rule_old(Way::ToClient, Rule::Swallow);
    publisher.publish(&proxy.url(), "row");
    publisher.publish(&proxy.url(), "task_completed");
    publisher.flush();
    let (broken, texts) = found(&server, publisher.leave(), view(&server).await);
    assert_eq!(broken, [Invariant::RawOrder].into(), "{texts:?}");
    assert!(texts[0].starts_with("seq 1 twice"), "{texts:?}");
}

#[tokio::test]
async fn without_counting_before_the_hand_over_a_flush_misses_the_last_event() {
    let server = TestRedis::start();
    let mut publisher = Naive::default();
    publisher.hand_over("task_started", |_| {});
    publisher.hand_over("row", |_| {});
    publisher.deliver(&server.url(), 2);
    publisher.hand_over("task_completed", Naive::flush);
    // The flush was complete, so the process ends.
    let (broken, texts) = found(&server, publisher.leave(), view(&server).await);
    let expected = [Invariant::Acked, Invariant::OneEnd, Invariant::Counts].into();
    assert_eq!(broken, expected, "{texts:?}");
    let missing = "task_completed 2 was acknowledged and is not there".to_owned();
    let counted = "3 events handed over, 2 counted".to_owned();
    assert!(
        texts.contains(&missing) && texts.contains(&counted),
        "{texts:?}"
    );
}

#[tokio::test]
async fn a_reader_that_asks_from_now_on_each_time_misses_what_comes_between() {
    let server = TestRedis::start();
    let publisher = Publisher::connect(server.url()).unwrap();
    let (mut reader, mut history) = (FromNow::new(&server.url()), Naive::default());
    let mut job = None;
    reader.read(&server, || {
        history.event("task_started");
        job = Some(publisher.job(JOB, TOKEN).unwrap());
    });
    let job = job.unwrap();
    let emit = |history: &mut Naive| {
        let index = history.event("row")["index"].clone();
        job.emit("row", Fields::new().field("index", &index));
    };
    emit(&mut history);
    assert!(publisher.flush(SOON).await.complete);
    reader.read(&server, || emit(&mut history));
    history.event("task_completed");
    job.completed(&());
    history.flushed(publisher.flush(SOON).await.into());
    let (broken, texts) = found(&server, history.leave(), reader.view());
    assert_eq!(broken, [Invariant::Gaps].into(), "{texts:?}");
    assert_eq!(texts[0], "seqs 1 to 1 are missing without a word");
}

#[tokio::test]
async fn without_room_kept_for_its_end_a_run_has_none() {
    let mut server = TestRedis::with_aof();
    server.kill();
    let mut publisher = Naive::default();
    let kinds = ["task_started", "row", "row", "row", "task_completed"];
    kinds.iter().for_each(|kind| publisher.offer(kind, 3));
    server.restart();
    publisher.deliver(&server.url(), 3);
    publisher.flush();
    let (broken, texts) = found(&server, publisher.leave(), view(&server).await);
    let expected = [Invariant::Acked, Invariant::OneEnd].into();
    assert_eq!(broken, expected, "{texts:?}");
    assert!(
        texts
            .iter()
            .any(|text| text.starts_with("no end behind row"))
    );
}

const SOON: Duration = Duration::from_secs(30);
