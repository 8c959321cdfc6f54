//! The one command for speed: what each promise of `docs/PERFORMANCE.md` is at on this machine, beside
//! what it is measured against, in turns, in one run, on servers of its own. Words choose groups of rows
//! (`-- call_site history`); `--peers` adds BullMQ and redis-py, which it installs under `target/`.
#![allow(clippy::unwrap_used)]

mod annotated;
mod benchmark;
mod busy;
mod by_hand;
mod call_site;
mod end_to_end;
mod flood;
mod grouped;
mod history;
mod job;
mod latency;
mod memory;
mod part;
mod peers;
mod placement;
mod quiet;
mod rounds;
mod server;
#[cfg(feature = "axum")]
mod sse;
mod table;
mod watchers;

use std::time::Instant;

use part::Part;
use table::Row;

/// Rows that are measured together.
struct Group {
    name: &'static str,
    rows: fn(Asked) -> Vec<Row>,
}

/// What the command line asks for beside groups.
#[derive(Clone, Copy)]
struct Asked {
    peers: bool,
}

const GROUPS: &[Group] = &[
    group("call_site", call_site::rows),
    group("quiet", quiet::rows),
    group("annotated", annotated::rows),
    group("end_to_end", end_to_end::rows),
    group("one_job", end_to_end::one_job),
    group("aof", end_to_end::aof),
    group("busy", busy::rows),
    group("latency", latency::rows),
    group("watchers", watchers::rows),
    #[cfg(feature = "axum")]
    group("sse", sse::rows),
    group("history", history::rows),
    group("allocations", memory::allocations),
    group("memory", memory::rows),
];

/// What a process of its own does, by its name.
const PARTS: &[(&str, Part)] = &[
    ("call", call_site::part),
    ("quiet", quiet::part),
    ("annotated", annotated::part),
    ("jobs", end_to_end::part),
    ("flood", flood::part),
    ("awaited", by_hand::part),
    ("busy", busy::part),
    ("latency", latency::part),
    ("watchers", watchers::part),
    #[cfg(feature = "axum")]
    ("sse", sse::part),
    #[cfg(feature = "axum")]
    ("sse_server", sse::server::part),
    ("history", history::part),
    ("memory", memory::part),
];

const fn group(name: &'static str, rows: fn(Asked) -> Vec<Row>) -> Group {
    Group { name, rows }
}

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if part::is_one(&arguments, PARTS) {
        return;
    }
    let (options, words): (Vec<_>, Vec<_>) =
        arguments.iter().partition(|word| word.starts_with("--"));
    let asked = Asked {
        peers: options.iter().any(|option| *option == "--peers"),
    };
    for word in &words {
        let is_known = GROUPS.iter().any(|group| group.name == word.as_str());
        let names: Vec<_> = GROUPS.iter().map(|group| group.name).collect();
        assert!(
            is_known,
            "no group of rows is called {word}; there are {names:?}"
        );
    }
    let is_asked =
        |group: &&Group| words.is_empty() || words.iter().any(|word| *word == group.name);
    let begun = Instant::now();
    println!("{}\n\n{}", server::about(), table::HEAD);
    for group in GROUPS.iter().filter(is_asked) {
        // As they come: it takes minutes.
        for row in (group.rows)(asked) {
            println!("{row}");
        }
    }
    println!("\nin {} s", begun.elapsed().as_secs());
}
