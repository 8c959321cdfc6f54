//! What a query asks for out of a stream of events.

use std::task::{Context, Poll, ready};

use futures_util::stream::{BoxStream, StreamExt};

use super::Query;
use super::work::Work;
use crate::{Error, Event, Item};

/// A query that is put to one item after the other.
pub(crate) struct Asking {
    query: Query,
    /// What was done in this turn.
    work: Work,
}

/// What it may be put to.
pub(crate) trait Asked {
    /// None of what comes whatever is asked for.
    fn event(&self) -> Option<&Event>;
}

impl Asking {
    pub(crate) fn new(query: Query) -> Self {
        let work = Work::default();
        Self { query, work }
    }

    /// The next item that is asked for, or an error.
    pub(crate) fn poll<T: Asked>(
        &mut self,
        items: &mut BoxStream<'static, Result<T, Error>>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<T, Error>>> {
        loop {
            ready!(self.poll_turn(context));
            match items.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(item))) if !self.is_for(&item) => {}
                Poll::Pending => {
                    self.work = Work::default();
                    return Poll::Pending;
                }
                other => return other,
            }
        }
    }

    /// Ready for the next item. Where all is there already, other tasks are to have their turn.
    pub(crate) fn poll_turn(&mut self, context: &Context<'_>) -> Poll<()> {
        if self.work.bytes() < AT_ONCE {
            return Poll::Ready(());
        }
        self.work = Work::default();
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Whether it is asked for.
    pub(crate) fn is_for(&self, item: &impl Asked) -> bool {
        let event = item.event();
        let is_for = event.is_none_or(|event| self.query.weigh(event, &self.work));
        if !is_for {
            self.pass();
        }
        is_for
    }

    /// Something is passed over that nobody asks about.
    pub(crate) fn pass(&self) {
        self.work.add(PASSED);
    }
}

impl Default for Asking {
    fn default() -> Self {
        Self::new(Query::default())
    }
}

impl Asked for Event {
    fn event(&self) -> Option<&Event> {
        Some(self)
    }
}

impl Asked for Item {
    fn event(&self) -> Option<&Event> {
        match self {
            Self::Event(event) => Some(event),
            // What is missing may have been asked for.
            Self::Gap(_) => None,
        }
    }
}

/// What is done in one turn, in bytes that are looked at: a millisecond or so.
const AT_ONCE: usize = 256 * 1024;
/// What it counts as that an item is passed over, whatever it is.
const PASSED: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventId;
    use crate::event::Entry;

    /// How many of such events are read in each turn, where nobody but the query takes one.
    fn turns(query: &str, data: &str, events: usize) -> Vec<usize> {
        let read = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counter = std::sync::Arc::clone(&read);
        let entry = Entry::new(EventId::ZERO, [("data", data)]);
        let items = futures_util::stream::iter(0..events).map(move |_| {
            counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok(Event::from(entry.clone()))
        });
        let mut items = items.boxed();
        let mut asking = Asking::new(query.parse().unwrap());
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut turns = Vec::new();
        loop {
            let polled = asking.poll(&mut items, &mut context);
            match polled {
                Poll::Ready(None) => return turns,
                Poll::Ready(Some(event)) => drop(event.unwrap()),
                Poll::Pending => turns.push(read.swap(0, std::sync::atomic::Ordering::Relaxed)),
            }
        }
    }

    #[test]
    fn a_turn_ends_by_what_was_done_in_it() {
        let giant = format!(r#"{{"a":"{}"}}"#, "x".repeat(256 * 1024));
        assert_eq!(turns("field.a=y", &giant, 8), [1; 8]);
        let small = turns("field.a=y", r#"{"a":"x"}"#, 1000);
        assert!(
            small.iter().all(|read| (200..=256).contains(read)),
            "{small:?}"
        );
        let medium = format!(r#"{{"a":"{}"}}"#, "x".repeat(10 * 1024));
        let medium = turns("field.a=y", &medium, 100);
        assert!(
            medium.iter().all(|read| (5..=10).contains(read)),
            "{medium:?}"
        );
    }

    /// Who takes one after the other without a pause may have them all at once, too.
    #[test]
    fn what_is_asked_for_ends_a_turn_as_well() {
        let giant = format!(r#"{{"a":"{}"}}"#, "x".repeat(256 * 1024));
        assert_eq!(turns("field.a:x*", &giant, 8), [1; 8]);
        assert!(turns("", &giant, 8).is_empty());
    }
}
