//! What delivery asks of a store, and what comes of it.

use std::sync::Arc;
use std::time::Duration;

use crate::EventId;
use crate::event::Entry;
use crate::queue::{Lane, Outcomes, Position};
use crate::store::{Append, Appended, Fault, NewEntry, StreamInfo};

/// What is to be done at the store for a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Append(Arc<Append>),
    Look(Look),
    Confirm(Confirm),
}

impl Command {
    /// The stream that it is about.
    pub(crate) fn key(&self) -> &str {
        match self {
            Self::Append(append) => &append.key,
            Self::Look(look) => &look.key,
            Self::Confirm(confirm) => &confirm.key,
        }
    }

    /// About how many bytes it takes to ask.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Append(append) => append.entries.iter().map(NewEntry::size).sum(),
            Self::Look(_) | Self::Confirm(_) => 0,
        }
    }
}

/// A look at what stands under a batch's ids, and at the stream's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) key: Arc<str>,
    pub(crate) from: EventId,
    pub(crate) to: EventId,
    pub(crate) count: usize,
}

/// That an end is to be durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Confirm {
    pub(crate) key: Arc<str>,
    /// How long the stream is kept from here.
    pub(crate) expire: Duration,
}

/// What came of a [`Command`].
#[derive(Debug)]
pub(crate) enum Answer {
    Appended(Appended),
    Seen {
        entries: Vec<Entry>,
        info: Option<Box<StreamInfo>>,
    },
    /// Whether it is durable now, or not yet.
    Confirmed(Result<bool, Fault>),
    Refused(Fault),
}

/// Events that have their outcomes; with the last of a batch, the lane to give back.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) events: Outcomes,
    pub(crate) lane: Option<(Arc<Lane>, Position)>,
}
