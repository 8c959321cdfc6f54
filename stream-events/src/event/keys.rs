//! Which names the fields of an event may still have.

use std::collections::HashSet;

use super::fields::Member;
use super::payload::quoted;
use super::reserved;

/// The names that are taken, once they are so many that looking through them all would take long.
#[derive(Clone, Default)]
#[expect(
    clippy::box_collection,
    reason = "it is moved with each event, and seldom there"
)]
pub(super) struct Keys(Option<Box<HashSet<Vec<u8>>>>);

/// Up to so many they are looked through.
const FEW: usize = 32;
const MOST_UNDERSCORES: usize = 8;

impl Keys {
    /// Whether nothing has to be done about the name of `last`, which comes after `before`.
    pub(super) fn is_free(&self, text: &[u8], last: &Member, before: &[Member]) -> bool {
        let key = &text[last.key.clone()];
        !is_reserved(key) && !self.has(key, text, before)
    }

    /// Another name for `last`.
    pub(super) fn free(&self, text: &[u8], last: &Member, before: &[Member]) -> String {
        let name = serde_json::from_slice(&text[last.key.clone()]).unwrap_or_default();
        free(name, before.len(), |key| self.has(key, text, before))
    }

    /// The last of these has its name.
    pub(super) fn note(&mut self, text: &[u8], members: &[Member]) {
        let name = |member: &Member| text[member.key.clone()].to_vec();
        match &mut self.0 {
            Some(names) => names.extend(members.last().map(name)),
            None if members.len() > FEW => {
                self.0 = Some(Box::new(members.iter().map(name).collect()));
            }
            None => {}
        }
    }

    fn has(&self, key: &[u8], text: &[u8], before: &[Member]) -> bool {
        match &self.0 {
            Some(names) => names.contains(key),
            None => before.iter().any(|member| &text[member.key.clone()] == key),
        }
    }
}

/// The name, with as many `_` as it takes to be free; one that is given again and again gets a
/// number, its place, instead of ever more of them.
pub(super) fn free(mut name: String, place: usize, is_taken: impl Fn(&[u8]) -> bool) -> String {
    let is_taken = |name: &str| is_taken(quoted(name).as_bytes());
    for _ in 0..MOST_UNDERSCORES {
        if !reserved::is_reserved(&name) && !is_taken(&name) {
            break;
        }
        name.push('_');
    }
    if is_taken(&name) {
        name.push_str(&place.to_string());
    }
    // By another of the very name that the number makes.
    while is_taken(&name) {
        name.push('_');
    }
    name
}

/// Of a name in JSON: no reserved one has an escape.
fn is_reserved(key: &[u8]) -> bool {
    let name = key.get(1..key.len() - 1).unwrap_or_default();
    std::str::from_utf8(name).is_ok_and(reserved::is_reserved)
}

#[cfg(test)]
mod tests {
    use super::super::fields::Fields;
    use super::FEW;

    #[test]
    fn of_many_names_none_is_given_twice() {
        let names = (0..2 * FEW).map(|n| format!("key{}", n % (FEW + 1)));
        let fields = names.fold(Fields::new(), |fields, name| fields.field(&name, &1));
        let read: serde_json::Map<_, _> = serde_json::from_str(&fields.to_string()).unwrap();
        assert_eq!(read.len(), 2 * FEW, "{fields}");
        assert!(read.contains_key("key0_") && !read.contains_key("key31_"));
    }

    #[test]
    fn a_name_that_is_given_again_and_again_gets_a_number() {
        let fields = (0..12).fold(Fields::new(), |fields, _| fields.field("a", &1));
        let read: serde_json::Map<_, _> = serde_json::from_str(&fields.to_string()).unwrap();
        assert_eq!(read.len(), 12, "{fields}");
        assert!(read.contains_key("a________11"), "{fields}");
    }

    #[test]
    fn a_number_that_is_taken_too_is_none_that_is_given_again() {
        let first = Fields::new().field("a________10", &1);
        let fields = (0..10).fold(first, |fields, _| fields.field("a", &1));
        let read: serde_json::Map<_, _> = serde_json::from_str(&fields.to_string()).unwrap();
        assert_eq!(read.len(), 11, "{fields}");
    }
}
