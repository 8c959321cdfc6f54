//! How a session learns what has changed.

use std::sync::Arc;

use super::rounds::Rounds;
use super::topics::Topics;
use crate::store::changes::{Changes, Told};

/// The store tells, or is asked.
pub(super) enum News {
    Told(Changes),
    Asked(Rounds),
}

/// What has changed.
pub(super) enum Heard {
    Told(Told),
    Found(Vec<Arc<str>>),
}

impl News {
    /// None once nothing more is heard: the connection is lost.
    pub(super) async fn next(&mut self, topics: &Topics) -> Option<Heard> {
        match self {
            Self::Told(changes) => changes.next().await.map(Heard::Told),
            Self::Asked(rounds) => rounds.next(topics).await.ok().map(Heard::Found),
        }
    }

    pub(super) fn enter(&mut self, key: Arc<str>) {
        if let Self::Asked(rounds) = self {
            rounds.enter(key);
        }
    }

    pub(super) fn leave(&mut self, key: &str) {
        if let Self::Asked(rounds) = self {
            rounds.leave(key);
        }
    }
}
