//! That a stream that was there is gone.

use std::time::{Duration, Instant};

use crate::store::{Class, Connection, Fault};

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

    /// It is not there now.
    pub(super) fn begin(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    /// The store has been away: nobody knows whether the stream was.
    pub(super) fn connection_lost(&mut self) {
        self.since = None;
    }

    /// Whether it is gone.
    pub(super) async fn look(
        &mut self,
        connection: &dyn Connection,
        key: &str,
    ) -> Result<bool, Fault> {
        if !self.may_know {
            return Ok(false);
        }
        match connection.info(key).await {
            Ok(None) => {
                self.begin();
                let away = self.since.map(|since| since.elapsed());
                Ok(away.is_some_and(|away| away >= self.patience))
            }
            Ok(Some(_)) => {
                self.since = None;
                Ok(false)
            }
            Err(fault) if fault.class == Class::Connection => Err(fault),
            Err(fault) => {
                self.may_know = fault.class != Class::Denied;
                Ok(false)
            }
        }
    }
}
