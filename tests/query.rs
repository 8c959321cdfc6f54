//! Events that are chosen by a query: of a history, of a watch, and on the page that explains how.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use stream_events::{
    Error, ErrorKind, EventId, Fields, Item, JobState, Publisher, Query, Reader, Watch,
};
use support::TestRedis;

const SOON: Duration = Duration::from_secs(30);

fn query(text: &str) -> Query {
    text.parse().unwrap_or_else(|error| panic!("{error:#}"))
}

/// The number of each row, `type` of what is none, `+count` of gaps.
async fn all(watch: &mut Watch) -> Vec<String> {
    let items = async {
        let mut items = Vec::new();
        while let Some(item) = watch.next().await {
            items.push(match item.unwrap() {
                Item::Event(event) => match event.field::<u64>("n").unwrap() {
                    Some(n) => n.to_string(),
                    None => event.event_type().to_string(),
                },
                Item::Gap(gap) => format!("+{}", gap.count),
                other => panic!("{other:?}"),
            });
        }
        items
    };
    tokio::time::timeout(SOON, items)
        .await
        .expect("the watch ends")
}

/// 1000 rows, over several pages.
async fn rows(url: &str) -> Publisher {
    let publisher = Publisher::connect(url).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    for n in 0..1000 {
        job.emit("row", Fields::new().field("n", &n));
    }
    job.completed(&());
    assert!(publisher.flush(SOON).await.complete);
    publisher
}

async fn history_and_watch_give_what_is_asked_for(url: &str) {
    let reader = rows(url).await.reader();
    let mut history = reader
        .history("job_001")
        .unwrap()
        .matching(query("field.n>=998"));
    let mut read = Vec::new();
    while let Some(event) = history.next().await {
        read.push(event.unwrap());
    }
    let numbers: Vec<_> = read
        .iter()
        .map(|event| event.field::<u64>("n").unwrap())
        .collect();
    assert_eq!(numbers, [Some(998), Some(999)]);
    assert!(history.next().await.is_none());

    // In whichever order it is asked, and the newest query counts.
    let after = read[0].id();
    for history in [
        reader
            .history("job_001")
            .unwrap()
            .matching(query("type:row"))
            .after(after),
        reader
            .history("job_001")
            .unwrap()
            .after(after)
            .matching(query("none"))
            .matching(query("type:row")),
    ] {
        let read: Vec<_> = futures_util::StreamExt::collect(history).await;
        assert_eq!(read.len(), 1);
    }

    let watch = || reader.watch("job_001").unwrap();
    assert_eq!(
        all(&mut watch().matching(query("field.n<2 or field.n=999"))).await,
        ["0", "1", "999"]
    );
    assert_eq!(
        all(&mut watch().matching(query("field.n>997")).after(after)).await,
        ["999"]
    );
    // Also where the end is not asked for, or nothing.
    assert!(
        all(&mut watch().matching(query("type:nothing")))
            .await
            .is_empty()
    );
    assert_eq!(
        all(&mut watch().matching(query("type:task_*"))).await,
        ["task_started", "task_completed"]
    );
}

#[tokio::test]
async fn in_memory_history_and_watch_give_what_is_asked_for() {
    history_and_watch_give_what_is_asked_for("memory:query").await;
}

#[tokio::test]
async fn of_redis_history_and_watch_give_what_is_asked_for() {
    let redis = TestRedis::start();
    history_and_watch_give_what_is_asked_for(&redis.url()).await;
}

#[tokio::test]
async fn gaps_come_through_whatever_is_asked_for() {
    let redis = TestRedis::start();
    let reader = rows(&redis.url()).await.reader();
    redis.run(&["XTRIM", "job_events:job_001", "MAXLEN", "3"]);
    let mut watch = reader
        .watch("job_001")
        .unwrap()
        .matching(query("field.n=999"));
    assert_eq!(all(&mut watch).await, ["+999", "999"]);
    let mut nothing = reader.watch("job_001").unwrap().matching(query("nothing"));
    assert_eq!(all(&mut nothing).await, ["+999"]);
}

#[tokio::test]
async fn a_live_watch_waits_for_what_is_asked_for() {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    let mut watch = publisher
        .reader()
        .watch("job_001")
        .unwrap()
        .matching(query("field.n=7 or field.n=9"));
    let job = publisher.job("job_001", "t").unwrap();
    let mut next = async || {
        tokio::time::timeout(SOON, watch.next())
            .await
            .expect("it comes")
    };
    let n = |item: Option<Result<Item, Error>>| match item.unwrap().unwrap() {
        Item::Event(event) => event.field::<u64>("n").unwrap(),
        other => panic!("{other:?}"),
    };
    for row in 0..=7 {
        job.emit("row", Fields::new().field("n", &row));
    }
    assert_eq!(n(next().await), Some(7));
    for row in 8..=9 {
        job.emit("row", Fields::new().field("n", &row));
    }
    assert_eq!(n(next().await), Some(9));
    job.completed(&());
    assert!(next().await.is_none());
}

/// Reading on without end would leave no turn for another task.
#[tokio::test]
async fn who_asks_for_nothing_lets_others_have_their_turn() {
    let reader = rows("memory:turns").await.reader();
    let mut history = reader
        .history("job_001")
        .unwrap()
        .matching(query("nothing"));
    let others = async {
        for _ in 0..2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        read = history.next() => panic!("{read:?}"),
        () = others => {}
    }
}

/// What stands between these fences of the page.
fn blocks<'p>(page: &'p str, language: &'p str) -> impl Iterator<Item = &'p str> {
    let parts = page.split("\n```").skip(1).step_by(2);
    parts.filter_map(move |part| part.strip_prefix(language)?.strip_prefix('\n'))
}

/// The cells of each row that begins with a query.
fn queries(page: &str) -> impl Iterator<Item = Vec<&str>> {
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.split('|').map(str::trim).collect())
}

#[tokio::test]
async fn the_page_about_queries_is_right() {
    let page = include_str!("../docs/QUERY.md");
    let redis = TestRedis::start();
    let events: Vec<_> = blocks(page, "json").next().unwrap().lines().collect();
    for (n, data) in events.iter().enumerate() {
        let value: serde_json::Value = serde_json::from_str(data).unwrap();
        let text = |key: &str| value[key].as_str().unwrap().to_owned();
        let mut append = redis::cmd("XADD");
        append.arg("job_events:page").arg(format!("{}-0", n + 1));
        append.arg(&[
            "data",
            data,
            "timestamp",
            &text("timestamp"),
            "event_type",
            &text("event_type"),
        ]);
        append.exec(&mut redis.client()).unwrap();
    }
    let reader = Reader::connect(redis.reader_url()).unwrap();
    let (of_events, of_jobs) = page.split_once("## Jobs").unwrap();
    let mut rows = 0;
    for cells in queries(of_events) {
        let text = cells[1].trim_matches('`');
        let mut chosen = Vec::new();
        let mut history = reader.history("page").unwrap().matching(query(text));
        while let Some(event) = history.next().await {
            chosen.push(event.unwrap().id());
        }
        let named = cells[2].split(", ").filter_map(|n| n.parse().ok());
        let expected: Vec<_> = named.map(|n| EventId::new(n, 0)).collect();
        assert_eq!(chosen, expected, "{text}");
        assert_eq!(expected.is_empty(), cells[2] == "none", "{text}");
        rows += 1;
    }
    assert!(rows > 20, "{rows}");

    let mut jobs = ["job_001", "job_002"].map(JobState::new);
    let mut history = reader.history("page").unwrap();
    while let Some(event) = history.next().await {
        let event = event.unwrap();
        let id: Option<String> = event.field("job_id").unwrap();
        let own = jobs.iter_mut().find(|job| Some(&job.job_id) == id.as_ref());
        own.unwrap().apply(&Item::Event(event));
    }
    for cells in queries(of_jobs) {
        let query = query(cells[1].trim_matches('`'));
        let chosen = jobs.iter().filter(|job| query.matches_job(job));
        let chosen: Vec<_> = chosen.map(|job| job.job_id.as_str()).collect();
        let expected = cells[2].split(", ").filter(|name| *name != "none");
        assert_eq!(chosen, expected.collect::<Vec<_>>(), "{query}");
    }

    let mut wrong = 0;
    for block in blocks(page, "text").filter(|block| block.contains('^')) {
        let text = block.lines().nth(1).unwrap().trim_start();
        let error = text.parse::<Query>().unwrap_err();
        assert_eq!(format!("{error:#}"), block.trim_end());
        assert_eq!(error.kind(), ErrorKind::InvalidQuery);
        wrong += 1;
    }
    assert_eq!(wrong, 3);
}
