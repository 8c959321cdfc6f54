//! A lifecycle event as it stands on disk.

use std::sync::Arc;

use crate::epilogue::Missing;
use crate::event::{EventType, Timestamp};

/// Which event of which run: its run's id and its seq.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Name {
    pub(crate) run: Arc<str>,
    pub(crate) seq: u64,
}

/// All that it takes to deliver the event in another process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) name: Name,
    /// Its stream.
    pub(crate) key: Arc<str>,
    pub(crate) job: String,
    pub(crate) at: Timestamp,
    pub(crate) event_type: EventType,
    pub(crate) data: Vec<u8>,
    /// Whether nobody but the process that wrote this could have ended the run.
    pub(crate) is_held: bool,
}

impl Record {
    /// About how many bytes it takes.
    pub(crate) fn size(&self) -> usize {
        OVERHEAD + self.data.len()
    }

    pub(super) fn ends_run(&self) -> bool {
        self.event_type.ends_run()
    }

    pub(super) fn missing(&self) -> Missing {
        Missing {
            at: self.at,
            event_type: self.event_type.clone(),
            data: self.data.clone(),
        }
    }
}

const OVERHEAD: usize = 256;
