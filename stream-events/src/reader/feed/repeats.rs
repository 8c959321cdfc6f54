//! Events that were told to the feed more than once.

use std::collections::{HashMap, VecDeque};

use crate::{Event, EventId};

/// The first of each among the last of the feed, which are shown to it in their order.
#[derive(Debug, Default)]
pub(in crate::reader) struct Repeats {
    first: HashMap<String, EventId>,
    order: VecDeque<String>,
}

/// One is told again soon after, if ever.
const MOST: usize = 4096;

impl Repeats {
    /// Notes an event; whether none that was noted before it on the feed is the same. An event is known by its
    /// run and the id that it has on its job's stream; what has neither is always the first.
    pub(in crate::reader) fn is_first(&mut self, event: &Event) -> bool {
        let Some(name) = name(event) else {
            return true;
        };
        if let Some(first) = self.first.get_mut(&name) {
            let is_first = event.id() <= *first;
            *first = event.id().min(*first);
            return is_first;
        }
        if self.order.len() >= MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.first.remove(&oldest);
        }
        self.order.push_back(name.clone());
        self.first.insert(name, event.id());
        true
    }

    /// Notes an event; whether none that was noted is the same. On a feed that has begun anew it may stand before
    /// the place where it was read.
    pub(super) fn is_new(&mut self, event: &Event) -> bool {
        let is_known = name(event).is_some_and(|name| self.first.contains_key(&name));
        self.is_first(event) && !is_known
    }

    /// Whether it is one that was noted, at the very place where it was.
    pub(super) fn knows(&self, event: &Event) -> bool {
        name(event).is_some_and(|name| self.first.get(&name) == Some(&event.id()))
    }
}

/// Where a writer tells no such id, one of each type counts.
fn name(event: &Event) -> Option<String> {
    let run = event.run()?;
    let id: Option<String> = event.field("event_id").ok().flatten();
    let what = id.unwrap_or_else(|| event.event_type().to_string());
    Some(format!("{run} {what}"))
}

impl FromIterator<Event> for Repeats {
    fn from_iter<I: IntoIterator<Item = Event>>(events: I) -> Self {
        let mut repeats = Self::default();
        for event in events {
            repeats.is_first(&event);
        }
        repeats
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Entry;

    fn event(n: u64, run: &str, id: &str) -> Event {
        let data = format!(r#"{{"event_type":"task_failed","run":"{run}","event_id":"{id}"}}"#);
        Entry::new(EventId::new(n, 0), [("data", data)]).into()
    }

    #[test]
    fn the_first_of_each_counts_and_two_ends_of_a_run_are_two() {
        let mut repeats: Repeats = [event(1, "a", "7-0")].into_iter().collect();
        assert!(repeats.is_first(&event(1, "a", "7-0")), "it is that one");
        assert!(!repeats.is_first(&event(2, "a", "7-0")));
        assert!(repeats.is_first(&event(3, "a", "8-0")), "lost, then failed");
        assert!(repeats.is_first(&event(4, "b", "7-0")));
    }

    /// A member of a group may be given the later one first, and not know of the other.
    #[test]
    fn one_that_stands_before_the_first_that_was_noted_is_the_first() {
        let mut repeats = Repeats::default();
        assert!(repeats.is_first(&event(9, "a", "7-0")));
        assert!(repeats.is_first(&event(5, "a", "7-0")));
        assert!(!repeats.is_first(&event(9, "a", "7-0")));
        assert!(repeats.is_first(&event(5, "a", "7-0")), "it is that one");
    }

    #[test]
    fn entries_of_others_are_not_told_apart_and_it_is_bounded() {
        let mut repeats = Repeats::default();
        let foreign = || Event::from(Entry::new(EventId::new(1, 0), [("data", "{}")]));
        assert!(repeats.is_first(&foreign()) && repeats.is_first(&foreign()));
        let plain = |n| Event::from(Entry::new(EventId::new(n, 0), [("data", r#"{"run":"r"}"#)]));
        assert!(repeats.is_first(&plain(1)) && !repeats.is_first(&plain(2)));
        for n in 0..2 * MOST as u64 {
            assert!(repeats.is_first(&event(n, "run", &format!("{n}-0"))));
        }
        assert_eq!((repeats.first.len(), repeats.order.len()), (MOST, MOST));
    }
}
