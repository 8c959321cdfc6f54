//! Why the store does not take what it is sent, although it answers.

use std::collections::HashSet;

use super::BatchId;

/// Of a store of several servers one may be away, and others take what is theirs meanwhile: it is over once nothing
/// is left that was refused.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// The last reason.
    why: Option<String>,
    refused: HashSet<BatchId>,
}

impl Trouble {
    /// Cannot be taken now, for this reason.
    pub(super) fn begin(&mut self, id: BatchId, why: String) {
        self.refused.insert(id);
        self.why = Some(why);
    }

    /// Is through.
    pub(super) fn end(&mut self, id: BatchId) {
        self.refused.remove(&id);
        self.judge();
    }

    /// The others are there no more.
    pub(super) fn keep(&mut self, is_there: impl Fn(BatchId) -> bool) {
        self.refused.retain(|id| is_there(*id));
        self.judge();
    }

    pub(super) fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }

    fn judge(&mut self) {
        if self.refused.is_empty() {
            self.why = None;
        }
    }
}
