//! Where lists of jobs go on, by names that tell nothing.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

/// How long a place is known, how many each caller has, and all together; for another one, the oldest goes.
const LIFETIME: Duration = Duration::from_secs(10 * 60);
const MOST_EACH: usize = 1000;
const MOST: usize = 100_000;

/// What callers were told of, each by a name of its own.
#[derive(Default)]
pub(super) struct Places(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// Oldest first, by the number of each.
    places: BTreeMap<u64, Place>,
    next: u64,
    numbers: HashMap<String, u64>,
    of_caller: HashMap<Arc<str>, VecDeque<u64>>,
}

struct Place {
    caller: Arc<str>,
    name: String,
    place: String,
    ends: Instant,
}

impl Places {
    /// Its name, of 244 bits that nobody guesses.
    pub(super) fn put(&self, caller: Arc<str>, place: String) -> String {
        let half = || Uuid::new_v4().simple().to_string();
        let name = half() + &half();
        let ends = Instant::now() + LIFETIME;
        let place = Place {
            caller,
            name: name.clone(),
            place,
            ends,
        };
        self.known().add(place);
        name
    }

    /// The place that this caller was told of by that name.
    pub(super) fn find(&self, caller: &str, name: &str) -> Option<String> {
        let known = self.known();
        let place = &known.places[known.numbers.get(name)?];
        (*place.caller == *caller).then(|| place.place.clone())
    }

    /// Without those whose time is up.
    fn known(&self) -> MutexGuard<'_, Known> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while let Some((number, _)) = known.oldest().filter(|(_, ends)| *ends <= now) {
            known.forget(number);
        }
        known
    }
}

impl Known {
    fn oldest(&self) -> Option<(u64, Instant)> {
        let (number, place) = self.places.first_key_value()?;
        Some((*number, place.ends))
    }

    fn add(&mut self, place: Place) {
        let number = self.next;
        self.next += 1;
        let of_caller = self.of_caller.entry(Arc::clone(&place.caller)).or_default();
        of_caller.push_back(number);
        let one_too_many = (of_caller.len() > MOST_EACH).then(|| of_caller[0]);
        self.numbers.insert(place.name.clone(), number);
        self.places.insert(number, place);
        if let Some(number) = one_too_many {
            self.forget(number);
        }
        if let Some((number, _)) = self.oldest().filter(|_| self.places.len() > MOST) {
            self.forget(number);
        }
    }

    /// The oldest of all, or of its caller, which is the first of its caller's either way.
    fn forget(&mut self, number: u64) {
        let Some(place) = self.places.remove(&number) else {
            return;
        };
        self.numbers.remove(&place.name);
        if let Some(of_caller) = self.of_caller.get_mut(&place.caller) {
            of_caller.pop_front();
            if of_caller.is_empty() {
                self.of_caller.remove(&place.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(places: &Places, caller: &str) -> String {
        places.put(caller.into(), format!("of {caller}"))
    }

    #[test]
    fn a_place_is_known_to_whom_it_was_told_alone() {
        let places = Places::default();
        let name = put(&places, "a");
        assert_eq!(name.len(), 64);
        assert_eq!(places.find("a", &name).as_deref(), Some("of a"));
        assert_eq!(places.find("b", &name), None);
        assert_eq!(places.find("a", "of a"), None);
    }

    #[test]
    fn who_asks_for_many_loses_its_own_and_nobody_elses() {
        let places = Places::default();
        let of_another = put(&places, "a");
        let first = put(&places, "b");
        let second = put(&places, "b");
        for _ in 2..=MOST_EACH {
            put(&places, "b");
        }
        assert_eq!(places.find("b", &first), None);
        assert!(places.find("b", &second).is_some());
        for _ in 0..MOST {
            put(&places, "b");
        }
        assert!(places.find("a", &of_another).is_some());
        let known = places.known();
        assert_eq!(known.places.len(), MOST_EACH + 1);
        assert_eq!(known.numbers.len(), MOST_EACH + 1);
        assert_eq!(known.of_caller["b"].len(), MOST_EACH);
    }

    #[test]
    fn all_together_have_as_many_as_there_may_be_and_time_takes_all() {
        let places = Places::default();
        let first = put(&places, "0");
        let callers: Vec<_> = (0..MOST / 10).map(|n| n.to_string()).collect();
        (0..MOST).for_each(|n| drop(put(&places, &callers[n % callers.len()])));
        assert_eq!(places.find("0", &first), None);
        let mut known = places.known();
        assert_eq!(known.places.len(), MOST);
        let now = Instant::now();
        known.places.values_mut().for_each(|place| place.ends = now);
        drop(known);
        let known = places.known();
        let left = (known.places.len(), known.numbers.len());
        assert_eq!((left, known.of_caller.len()), ((0, 0), 0));
    }
}
