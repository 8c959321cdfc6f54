//! A long history takes no more memory than a short one.
#![allow(clippy::unwrap_used)]

use stream_events::Reader;
use support::{TestRedis, memory_peak};

const EVENTS: u64 = 100_000;
/// Each of half a KiB.
const WRITE: &str = r#"
    local text = string.rep('x', 500)
    for seq = 0, ARGV[1] do
        local data = '{"run":"r","seq":' .. seq .. ',"text":"' .. text .. '"}'
        redis.call('XADD', KEYS[1], '*', 'data', data, 'timestamp', '', 'event_type', 'row')
    end"#;
/// In KiB: some pages, of the 50 MiB that there are.
const MOST: u64 = 8 * 1024;

#[tokio::test]
async fn a_hundred_thousand_events_are_read_in_constant_memory() {
    let redis = TestRedis::start();
    let last = (EVENTS - 1).to_string();
    redis.run(&["EVAL", WRITE, "1", "job_events:job_001", &last]);
    let reader = Reader::connect(redis.reader_url()).unwrap();
    let before = memory_peak();
    let mut history = reader.history("job_001").unwrap();
    let mut seq = 0;
    while let Some(event) = history.next().await {
        assert_eq!(event.unwrap().seq(), Some(seq));
        seq += 1;
    }
    assert_eq!(seq, EVENTS);
    let state = reader.state("job_001").await.unwrap().unwrap();
    assert_eq!((state.events, state.missing), (EVENTS, 0));
    let grown = memory_peak() - before;
    assert!(grown < MOST, "{grown} KiB more");
}
