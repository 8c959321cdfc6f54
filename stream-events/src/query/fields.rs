//! Where all the `field.…` of a query lead, looked up in one walk.

use super::found::Found;
use super::key::Key;
use super::path::Segment;
use super::term::{Is, Term, Value};
use super::walk::Walk;
use super::work::Work;
use crate::event::text;

/// A tree of names: what paths have in common is gone through once.
#[derive(Debug, Default)]
pub(super) struct Fields(Node);

/// A place that paths lead to.
#[derive(Debug, Default)]
struct Node {
    /// What is asked of a value here.
    terms: Vec<Asked>,
    /// Where paths go on, in the order of their names.
    next: Vec<Next>,
    /// Those that are elements of an array, in the order of their numbers.
    elements: Vec<(usize, usize)>,
    /// The terms here and behind, and those of them that are no element's.
    all: u64,
    all_but_elements: u64,
}

#[derive(Debug)]
struct Next {
    segment: Segment,
    node: Node,
}

#[derive(Debug)]
struct Asked {
    /// The term's own.
    bit: u64,
    is: Is,
    value: Value,
}

/// How many arrays on the way to a value are looked into.
const MOST_ARRAYS: u8 = 8;

impl Fields {
    pub(super) fn of<'t>(terms: impl Iterator<Item = &'t Term>) -> Self {
        let mut root = Node::default();
        for term in terms {
            if let Key::Field(path) = &term.key {
                root.add(path.segments(), term);
            }
        }
        root.put_in_order();
        Self(root)
    }

    /// The bits of those terms that hold. Each of these members, which is right JSON, is walked through once.
    pub(super) fn held<'j>(&self, member: impl Fn(&str) -> Option<&'j str>, work: &Work) -> u64 {
        let Self(root) = self;
        let same = |a: &Next, b: &Next| a.segment.name == b.segment.name;
        let members = root.next.chunk_by(same).filter_map(|next| {
            let json = member(&next.first()?.segment.name)?;
            let places: Vec<_> = next.iter().map(|next| Place::of(&next.node)).collect();
            let mut walk = Walk::new(json);
            let held = held(&mut walk, &places, MOST_ARRAYS, work);
            work.add(walk.bytes());
            Some(held)
        });
        members.fold(0, |held, of_member| held | of_member)
    }
}

impl Node {
    fn add(&mut self, path: &[Segment], term: &Term) {
        let Some((first, rest)) = path.split_first() else {
            let Term { is, value, .. } = term;
            let (bit, is, value) = (term.bit(), *is, value.clone());
            return self.terms.push(Asked { bit, is, value });
        };
        let known = self.next.iter_mut().find(|next| next.segment == *first);
        match known {
            Some(next) => next.node.add(rest, term),
            None => {
                let (segment, mut node) = (first.clone(), Self::default());
                node.add(rest, term);
                self.next.push(Next { segment, node });
            }
        }
    }

    fn put_in_order(&mut self) {
        self.next
            .sort_by(|a, b| a.segment.name.cmp(&b.segment.name));
        let own = self.terms.iter().fold(0, |all, term| all | term.bit);
        (self.all, self.all_but_elements) = (own, own);
        for (at, next) in self.next.iter_mut().enumerate() {
            next.node.put_in_order();
            self.all |= next.node.all;
            match next.segment.index {
                Some(index) => self.elements.push((index, at)),
                None => self.all_but_elements |= next.node.all,
            }
        }
        self.elements.sort_unstable();
    }

    /// Those of this name; two where one of them can be an element too.
    fn named(&self, name: &str) -> &[Next] {
        let begin = self.next.partition_point(|next| *next.segment.name < *name);
        let rest = self.next.get(begin..).unwrap_or_default();
        let count = rest.partition_point(|next| next.segment.name == name);
        rest.get(..count).unwrap_or_default()
    }

    /// Those that are this element of an array.
    fn element(&self, at: usize) -> impl Iterator<Item = &Self> {
        let begin = self.elements.partition_point(|(index, _)| *index < at);
        let rest = self.elements.get(begin..).unwrap_or_default();
        let these = rest.iter().take_while(move |(index, _)| *index == at);
        these.filter_map(|(_, next)| Some(&self.next.get(*next)?.node))
    }
}

/// How far a path has come where the walk is. There is one such place of each path at most: an array takes
/// the number of an element off it, and nothing else.
#[derive(Clone, Copy)]
struct Place<'q> {
    node: &'q Node,
    /// Within an array, of which the numbers were: here they lead nowhere any more.
    is_element: bool,
}

impl<'q> Place<'q> {
    fn of(node: &'q Node) -> Self {
        let is_element = false;
        Self { node, is_element }
    }

    fn all(self) -> u64 {
        match self.is_element {
            true => self.node.all_but_elements,
            false => self.node.all,
        }
    }

    fn named(self, name: &str) -> impl Iterator<Item = Self> {
        let next = self.node.named(name).iter();
        let next = next.filter(move |next| !(self.is_element && next.segment.index.is_some()));
        next.map(|next| Self::of(&next.node))
    }

    /// Where it is in each element of an array.
    fn in_each(self) -> Option<Self> {
        let place = Self {
            is_element: true,
            ..self
        };
        (place.all() != 0).then_some(place)
    }

    fn element(self, at: usize) -> impl Iterator<Item = Self> {
        let nodes = self.node.element(at).filter(move |_| !self.is_element);
        nodes.map(Self::of)
    }
}

fn all(places: &[Place<'_>]) -> u64 {
    places.iter().fold(0, |all, place| all | place.all())
}

/// The terms that hold for the value that comes next, which stands at these places.
fn held(walk: &mut Walk<'_>, places: &[Place<'_>], arrays: u8, work: &Work) -> u64 {
    match walk.peek() {
        Some(b'{') => asked("{", places, work) | in_object(walk, places, arrays, work),
        Some(b'[') if arrays == 0 => {
            walk.value();
            0
        }
        Some(b'[') => asked("[", places, work) | in_array(walk, places, arrays - 1, work),
        _ => asked(walk.value(), places, work),
    }
}

fn asked(json: &str, places: &[Place<'_>], work: &Work) -> u64 {
    let found = Found::new(json);
    let terms = places.iter().flat_map(|place| &place.node.terms);
    let terms = terms.filter(|term| found.is(term.is, &term.value, work));
    terms.fold(0, |held, term| held | term.bit)
}

fn in_object(walk: &mut Walk<'_>, places: &[Place<'_>], arrays: u8, work: &Work) -> u64 {
    if places.iter().all(|place| place.node.next.is_empty()) {
        walk.value();
        return 0;
    }
    let mut sum = 0;
    walk.step();
    while let Some(name) = walk.name() {
        let name = text::exact(name).unwrap_or_default();
        let next: Vec<_> = places.iter().flat_map(|place| place.named(&name)).collect();
        if next.is_empty() {
            walk.value();
        } else {
            // Of a repeated name the last counts.
            sum = (sum & !all(&next)) | held(walk, &next, arrays, work);
        }
    }
    sum
}

fn in_array(walk: &mut Walk<'_>, places: &[Place<'_>], arrays: u8, work: &Work) -> u64 {
    let each: Vec<_> = places.iter().filter_map(|place| place.in_each()).collect();
    let of_each = all(&each);
    let (mut sum, mut at) = (0, 0);
    walk.step();
    while walk.has_element() {
        let mut own = places.iter().flat_map(|place| place.element(at)).peekable();
        if own.peek().is_some() {
            let here: Vec<_> = each.iter().copied().chain(own).collect();
            sum |= held(walk, &here, arrays, work);
        } else if of_each & !sum != 0 {
            sum |= held(walk, &each, arrays, work);
        } else {
            walk.value();
        }
        at += 1;
    }
    sum
}
