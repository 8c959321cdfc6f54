//! What a query wants to know of an event or a job: each thing once, however many terms it has.

use super::fields::Fields;
use super::key::Key;
use super::known::Known;
use super::term::Term;
use super::tree::Tree;
use super::{event, job};

#[derive(Debug)]
pub(super) struct Wanted {
    /// The members of an event's `data`, in their order.
    pub(super) members: Vec<String>,
    /// The keys whose text or number is looked at.
    pub(super) keys: Vec<Known>,
    pub(super) fields: Fields,
}

impl Wanted {
    pub(super) fn of(tree: &Tree) -> Self {
        let mut terms: Vec<&Term> = Vec::new();
        tree.each_term(&mut |term| terms.push(term));
        let mut wanted = Self {
            members: Vec::new(),
            keys: Vec::new(),
            fields: Fields::of(terms.iter().copied()),
        };
        for term in terms {
            wanted.take(&term.key);
        }
        wanted.members.sort_unstable();
        wanted.members.dedup();
        wanted
    }

    fn take(&mut self, key: &Key) {
        match key {
            Key::Words => {
                event::WORDS
                    .iter()
                    .for_each(|known| self.take_member(known.member()));
                let all = event::WORDS.iter().chain(&job::WORDS);
                all.for_each(|known| self.take_key(*known));
            }
            Key::Known(known) => {
                self.take_member(known.member());
                self.take_key(*known);
            }
            Key::Field(path) => self.take_member(path.first()),
        }
    }

    fn take_member(&mut self, name: &str) {
        if !name.is_empty() {
            self.members.push(name.to_owned());
        }
    }

    fn take_key(&mut self, key: Known) {
        if !self.keys.contains(&key) {
            self.keys.push(key);
        }
    }

    /// Which of the members this is.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        let place = self.members.binary_search_by(|known| (**known).cmp(name));
        place.ok()
    }
}
