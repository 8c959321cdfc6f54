//! What a producer wrote down of itself: each event before it is emitted, and what it was told of it.
//!
//! One JSON object a line. What a killed process had written is there all the same.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use stream_events::Report;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// In ms since 1970.
    pub(crate) at: u64,
    #[serde(flatten)]
    pub(crate) what: What,
}

/// An event of a run. Every event carries the run's token, which the producer gave it; `index` counts
/// what the run emits from 0, also where it is never delivered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) token: String,
    pub(crate) kind: String,
    pub(crate) index: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum What {
    /// It is emitted next; by a method that awaits what becomes of it, or not.
    Emits {
        job: String,
        awaits: bool,
        #[serde(flatten)]
        mark: Mark,
    },
    /// An awaiting method has returned its id.
    Acked(Mark),
    /// An awaiting method has returned an error.
    Refused {
        #[serde(flatten)]
        mark: Mark,
        why: String,
    },
    /// All that the run emits has been handed over.
    Done { token: String },
    /// A flush begins. It is of all events of the runs that are done, and of those so far of this one.
    Flushes { number: u64, token: Option<String> },
    /// It has ended.
    Flushed { number: u64, counts: Counts },
    /// A call took longer than any should.
    Slow { micros: u64 },
    /// How many calls took less than 1, 2, 4, … µs and no less than half of that; the most memory in
    /// KiB so far.
    Measured { calls: Vec<u64>, memory: u64 },
    /// The process ends of its own will.
    Leaves { how: String },
}

/// A report, as numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) complete: bool,
    pub(crate) emitted: u64,
    pub(crate) delivered: u64,
    pub(crate) coalesced: u64,
    pub(crate) rejected: u64,
    /// For every other reason.
    pub(crate) dropped: u64,
    pub(crate) pending: u64,
    pub(crate) replayed: u64,
}

impl From<Report> for Counts {
    fn from(report: Report) -> Self {
        let stats = report.stats;
        Self {
            complete: report.complete,
            emitted: stats.emitted,
            delivered: stats.delivered,
            coalesced: stats.coalesced,
            rejected: stats.dropped.rejected,
            dropped: stats.dropped.total() - stats.dropped.rejected,
            pending: stats.pending,
            replayed: stats.replayed,
        }
    }
}

impl Mark {
    pub(crate) fn new(token: &str, kind: &str, index: u64) -> Self {
        Self {
            token: token.to_owned(),
            kind: kind.to_owned(),
            index,
        }
    }

    pub(crate) fn is_end(&self) -> bool {
        is_end(&self.kind)
    }
}

pub(crate) fn is_end(kind: &str) -> bool {
    matches!(kind, "task_completed" | "task_failed")
}

/// Writes a history.
#[derive(Debug)]
pub(crate) struct Pen(Mutex<File>);

impl Pen {
    pub(crate) fn new(path: &Path) -> Self {
        let file = OpenOptions::new().create(true).append(true).open(path);
        Self(Mutex::new(file.unwrap()))
    }

    /// The line is with the system when this returns, and so outlives the process.
    pub(crate) fn write(&self, what: What) {
        let line = Line { at: now(), what };
        let text = serde_json::to_string(&line).unwrap() + "\n";
        self.0.lock().unwrap().write_all(text.as_bytes()).unwrap();
    }
}

/// All that a process wrote; a process that never came to that wrote nothing.
pub(crate) fn read(path: &Path) -> Vec<Line> {
    let text = fs::read_to_string(path).unwrap_or_default();
    // A line that a killed process had begun says nothing.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let lines = whole.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// In ms since 1970.
pub(crate) fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_millis() as u64
}
