//! That a stream that was there is gone, or is another one.

use std::time::{Duration, Instant};

use super::source::Line;
use crate::EventId;
use crate::store::{BoxFuture, Class, Fault};

type Asked = BoxFuture<'static, Result<Option<EventId>, Fault>>;

/// What has become of a stream that was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// There is none.
    Gone,
    /// It has given out no id as high as one that was seen: it was made anew, or its store went back.
    Anew,
}

/// A stream may come back: its job goes on, or its publisher sends again what a store has lost. So only one
/// that stays away is gone.
pub(super) struct Absence {
    since: Option<Instant>,
    /// How long it has to be away.
    patience: Duration,
    /// Whether the store lets this reader know.
    may_know: bool,
}

impl Absence {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            since: None,
            patience,
            may_know: true,
        }
    }

    /// It is there.
    pub(super) fn is_over(&mut self, patience: Duration) {
        (self.since, self.patience) = (None, patience);
    }

    /// It is not there now, and may be away for so long.
    pub(super) fn begin(&mut self, patience: Duration) {
        self.since.get_or_insert_with(Instant::now);
        self.patience = patience;
    }

    /// The store has been away: nobody knows whether the stream was.
    pub(super) fn connection_lost(&mut self) {
        self.since = None;
    }

    /// How far it is now; none where that says nothing.
    pub(super) fn asked(&self, line: &Line, key: &str, seen: EventId) -> Option<Asked> {
        let may_say = self.may_know && seen > EventId::ZERO;
        may_say.then(|| line.last_id(key, seen))
    }

    /// What has become of it, if anything has, by its newest that was seen.
    pub(super) fn judge(
        &mut self,
        last_id: Result<Option<EventId>, Fault>,
        seen: EventId,
    ) -> Result<Option<Fate>, Fault> {
        let fate = match last_id {
            Ok(None) => Some(Fate::Gone),
            Ok(Some(last_id)) => is_anew(last_id, seen).then_some(Fate::Anew),
            Err(fault) if fault.class == Class::Connection => return Err(fault),
            // Nobody knows whether it was there meanwhile.
            Err(fault) if fault.is_for_now() => {
                self.since = None;
                return Ok(None);
            }
            Err(fault) => {
                self.may_know = fault.class != Class::Denied;
                return Ok(None);
            }
        };
        if fate.is_none() {
            self.since = None;
            return Ok(None);
        }
        let since = self.since.get_or_insert_with(Instant::now);
        Ok(fate.filter(|_| since.elapsed() >= self.patience))
    }
}

/// Whether a stream whose last id is this one cannot have had an event that was seen. Behind all ids there is
/// none to be seen.
pub(super) fn is_anew(last_id: EventId, seen: EventId) -> bool {
    last_id < seen && seen < EventId::MAX
}
