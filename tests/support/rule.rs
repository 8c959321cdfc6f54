//! What becomes of the bytes that pass a proxy.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Way {
    /// Requests.
    ToServer,
    /// Replies.
    ToClient,
}

/// What becomes of the bytes of one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Rule {
    /// They pass.
    Pass,
    /// Each piece passes this much later than the one before it.
    Delay(Duration),
    /// So many bytes pass in a second, at least 1.
    Drip(u32),
    /// They are kept, also when their sender has gone, and pass once there is another rule: late.
    Hold,
    /// They are kept from the piece on in which these bytes are.
    HoldOn(Vec<u8>),
    /// They are gone, and so is the news that their sender is: both sockets stay open.
    Swallow,
    /// Their receiver is told that no more come; the other direction goes on.
    Close,
    /// The connection ends.
    Cut(End),
    /// So many bytes pass, and instead of the next the connection ends. They are counted from now
    /// on, or from the beginning of a connection that is not there yet. Happens once, then all pass.
    CutAfter(usize, End),
    /// The connection ends whenever these bytes would pass; they do not.
    CutOn(Vec<u8>, End),
    /// These bytes come before the next. Happens once, then all pass.
    Insert(Vec<u8>),
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum End {
    /// In order: what is in the sockets still arrives.
    Fin,
    /// As when a machine has forgotten the connection.
    Reset,
}

/// A rule, and the connections that it is for.
#[derive(Debug, Clone)]
pub(crate) struct Ruling {
    rule: Rule,
    /// Connections from this number on are not meant.
    until: usize,
    /// Shared by all connections, for what happens once.
    happened: Arc<AtomicBool>,
}

impl Ruling {
    pub(crate) fn new(rule: Rule, until: usize) -> Self {
        Self {
            rule,
            until,
            happened: Arc::default(),
        }
    }

    /// What goes for this connection now.
    pub(crate) fn of(&self, connection: usize) -> Rule {
        if connection < self.until && !self.happened.load(Ordering::Relaxed) {
            self.rule.clone()
        } else {
            Rule::Pass
        }
    }

    pub(crate) fn has_happened(&self) {
        self.happened.store(true, Ordering::Relaxed);
    }
}
