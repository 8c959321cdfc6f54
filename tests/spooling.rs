//! Processes with a spool, and what is in it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use stream_events::{Publisher, Stats};
use support::{RawEntry, wait_until};

pub(crate) const IN_TIME: Duration = Duration::from_secs(40);

pub(crate) fn publisher(url: &str, folder: &Path) -> Publisher {
    let builder = Publisher::builder().url(url).spool(folder);
    builder.connect().unwrap()
}

pub(crate) fn wait_for(publisher: &Publisher, what: &str, is_there: impl Fn(&Stats) -> bool) {
    wait_until(what, || is_there(&publisher.stats()));
}

pub(crate) fn types(entries: &[RawEntry]) -> Vec<&str> {
    let types = entries.iter().map(|entry| entry.field("event_type"));
    types.collect()
}

pub(crate) fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    names
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// A publisher of this process that brings back what was left, and ends.
pub(crate) async fn restores(url: &str, folder: &Path, events: u64) {
    let publisher = publisher(url, folder);
    wait_for(&publisher, "brought back", |stats| stats.restored >= events);
    let report = publisher.shutdown(IN_TIME).await;
    assert!(report.complete, "{report}");
    assert_eq!(report.stats.restored, events);
}
