//! Events whose way has ended.

use super::{Draft, Outcome};
use crate::EventId;

/// Events and what became of each. They stay where they are in memory: most batches are delivered as a
/// whole.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    events: Vec<Draft>,
    of_each: Vec<Outcome>,
}

impl Outcomes {
    pub(crate) fn push(&mut self, draft: Draft, outcome: Outcome) {
        self.events.push(draft);
        self.of_each.push(outcome);
    }

    /// Adds events that were delivered under these ids, each with its own.
    pub(crate) fn deliver(&mut self, events: Vec<Draft>, ids: impl Iterator<Item = EventId>) {
        if self.events.is_empty() {
            self.events = events;
        } else {
            self.events.extend(events);
        }
        self.of_each.extend(ids.map(Outcome::Delivered));
    }

    pub(crate) fn reserve(&mut self, events: usize) {
        self.events.reserve(events);
        self.of_each.reserve(events);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Draft, &Outcome)> {
        self.events.iter().zip(&self.of_each)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&Draft, &mut Outcome)> {
        self.events.iter().zip(&mut self.of_each)
    }

    /// The same, with the outcomes to pass on.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = (&Draft, Outcome)> {
        self.events.iter().zip(self.of_each.drain(..))
    }
}

impl FromIterator<(Draft, Outcome)> for Outcomes {
    fn from_iter<I: IntoIterator<Item = (Draft, Outcome)>>(events: I) -> Self {
        let (events, of_each) = events.into_iter().unzip();
        Self { events, of_each }
    }
}
