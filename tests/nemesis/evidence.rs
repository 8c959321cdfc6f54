//! What a checker judges: what the producers wrote down, what stands on the streams, what readers saw.

use std::collections::BTreeMap;

use serde_json::Value;
use stream_events::{Event, EventId, Item};
use support::RawEntry;

use crate::history::{self, Line, What};

/// All that is known of one run of the nemesis.
#[derive(Debug, Clone, Default)]
pub(crate) struct Evidence {
    /// When a server that keeps nothing on disk was killed, and when it was there again.
    pub(crate) losses: Vec<(u64, u64)>,
    /// When the machine stood still, from and to.
    pub(crate) stalls: Vec<(u64, u64)>,
    pub(crate) lives: Vec<Life>,
    /// Each job's stream as the server has it.
    pub(crate) streams: BTreeMap<String, Vec<Found>>,
    pub(crate) views: Vec<View>,
    pub(crate) wires: Vec<Wire>,
    /// Runs whose leases are left although all processes are gone.
    pub(crate) leases: Vec<String>,
    /// Most memory in KiB that a process may have.
    pub(crate) most_memory: u64,
}

/// One process of a producer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Life {
    pub(crate) name: String,
    pub(crate) lines: Vec<Line>,
    /// When it was frozen, from and to.
    pub(crate) stops: Vec<(u64, u64)>,
    pub(crate) ended: u64,
}

/// An event as it stands on a stream or was seen by a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) id: EventId,
    pub(crate) run: String,
    /// None for what others declare.
    pub(crate) seq: Option<u64>,
    pub(crate) kind: String,
    pub(crate) token: Option<String>,
    pub(crate) index: Option<u64>,
    pub(crate) coalesced: u64,
    /// Whether it came without its fields.
    pub(crate) is_cut: bool,
}

/// What one reader saw of a job, in its order.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    pub(crate) job: String,
    pub(crate) seen: Vec<Seen>,
    /// Whether it came to the stream's end.
    pub(crate) is_whole: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Event(Found),
    Gap {
        run: String,
        first: u64,
        count: u64,
    },
    /// Its watch was over, and another one began after the last event.
    Again,
}

/// How often one producer connected, and how often its faults allow for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wire {
    pub(crate) producer: usize,
    pub(crate) connections: usize,
    pub(crate) allowed: usize,
}

impl View {
    pub(crate) fn events(&self) -> impl Iterator<Item = &Found> + Clone {
        events(&self.seen)
    }
}

/// The events of what was seen.
pub(crate) fn events(seen: &[Seen]) -> impl Iterator<Item = &Found> + Clone {
    seen.iter().filter_map(|seen| match seen {
        Seen::Event(event) => Some(event),
        Seen::Gap { .. } | Seen::Again => None,
    })
}

impl Life {
    /// Whether the process came to its own end, with all its runs done and flushed.
    pub(crate) fn is_clean(&self) -> bool {
        let last = self.lines.last().map(|line| &line.what);
        matches!(last, Some(What::Leaves { how }) if how == CLEAN)
    }
}

/// How a process leaves that has flushed.
pub(crate) const CLEAN: &str = "done";

impl Evidence {
    /// Whether the store may have lost what this process was the last to hold.
    pub(crate) fn may_be_lost(&self, life: &Life) -> bool {
        let until = if life.is_clean() {
            life.ended.saturating_sub(NOTICED)
        } else {
            0
        };
        self.losses.iter().any(|(_, back)| *back >= until)
    }
}

/// How long it takes a process at most to find out that a killed server is away.
const NOTICED: u64 = 2000;

impl Found {
    pub(crate) fn new(id: EventId, data: &Value) -> Self {
        let text = |key: &str| data[key].as_str().map(str::to_owned);
        let tokens = ["label", "task_type", "result", "error"];
        let is_token = |text: &String| text.starts_with(TOKEN);
        Self {
            id,
            run: text("run").unwrap_or_default(),
            seq: data["seq"].as_u64(),
            kind: text("event_type").unwrap_or_default(),
            token: tokens.iter().filter_map(|key| text(key)).find(is_token),
            index: data["index"].as_u64(),
            coalesced: data["coalesced"].as_u64().unwrap_or(0),
            is_cut: data["truncated"] == true,
        }
    }

    pub(crate) fn is_end(&self) -> bool {
        history::is_end(&self.kind)
    }

    /// Whether it is of the run's own.
    pub(crate) fn is_own(&self) -> bool {
        self.seq.is_some()
    }
}

/// What every token begins with.
pub(crate) const TOKEN: &str = "token-";

impl From<&RawEntry> for Found {
    fn from(entry: &RawEntry) -> Self {
        Self::new(entry.id.parse().unwrap(), &entry.data())
    }
}

impl From<&Event> for Found {
    fn from(event: &Event) -> Self {
        let data = serde_json::from_str(&event.data()).unwrap_or_default();
        Self::new(event.id(), &data)
    }
}

impl From<Item> for Seen {
    fn from(item: Item) -> Self {
        match item {
            Item::Event(event) => Self::Event((&event).into()),
            Item::Gap(gap) => Self::Gap {
                run: gap.run,
                first: gap.first,
                count: gap.count,
            },
            other => panic!("{other:?} is new"),
        }
    }
}
