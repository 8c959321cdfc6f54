//! What tests of the spool begin with.

use std::path::PathBuf;
use std::sync::Arc;

use uuid::Uuid;

use super::{Leftover, Name, Record, Spool};
use crate::event::{EventType, Timestamp};

/// A folder that goes with the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("stream-events-{name}-{}", Uuid::new_v4());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn record(run: &str, seq: u64) -> Record {
    let run: Arc<str> = run.into();
    Record {
        key: format!("job_events:{run}").into(),
        job: run.to_string(),
        name: Name { run, seq },
        at: Timestamp::from_micros(seq as i64),
        event_type: EventType::TaskStarted,
        data: vec![b'x'; 300],
        is_held: seq.is_multiple_of(2),
    }
}

/// A run of which its start is left.
pub(crate) fn leftover(run: &str) -> Leftover {
    Leftover {
        run: run.into(),
        records: vec![record(run, 0)],
    }
}

/// A spool whose thread is gone.
pub(crate) fn dead_spool() -> Spool {
    let (orders, _) = std::sync::mpsc::channel();
    let (_, told) = tokio::sync::mpsc::unbounded_channel();
    Spool { orders, told }
}
