//! What a query asks, in its one form.

use std::fmt;

use super::term::{Is, Term};

/// Terms and how they hang together. No `And` is right within an `And`, no `Or` within an `Or` and no
/// `Not` within a `Not`, so that queries which read alike are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tree {
    /// None of these fails: what asks nothing has none.
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Term(Term),
}

impl Tree {
    pub(super) fn and(parts: Vec<Self>) -> Self {
        let flat = parts.into_iter().flat_map(|part| match part {
            Self::And(parts) => parts,
            part => vec![part],
        });
        Self::one(flat.collect(), Self::And)
    }

    pub(super) fn or(parts: Vec<Self>) -> Self {
        let flat = parts.into_iter().flat_map(|part| match part {
            Self::Or(parts) => parts,
            part => vec![part],
        });
        Self::one(flat.collect(), Self::Or)
    }

    fn one(mut parts: Vec<Self>, of: fn(Vec<Self>) -> Self) -> Self {
        match (parts.pop(), parts.is_empty()) {
            (Some(part), true) => part,
            (Some(part), false) => {
                parts.push(part);
                of(parts)
            }
            (None, _) => of(parts),
        }
    }

    pub(super) fn negated(self) -> Self {
        match self {
            Self::Not(tree) => *tree,
            tree => Self::Not(Box::new(tree)),
        }
    }

    /// Whether it is so, where `is_so` says that of each term.
    pub(super) fn holds(&self, is_so: &impl Fn(&Term) -> bool) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.holds(is_so)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(is_so)),
            Self::Not(tree) => !tree.holds(is_so),
            Self::Term(term) => is_so(term),
        }
    }

    /// Gives each term its number, in their order.
    pub(super) fn number(&mut self, next: &mut u32) {
        match self {
            Self::And(parts) | Self::Or(parts) => {
                parts.iter_mut().for_each(|part| part.number(next))
            }
            Self::Not(tree) => tree.number(next),
            Self::Term(term) => {
                term.number = *next;
                *next += 1;
            }
        }
    }

    pub(super) fn each_term<'t>(&'t self, visit: &mut impl FnMut(&'t Term)) {
        match self {
            Self::And(parts) | Self::Or(parts) => {
                parts.iter().for_each(|part| part.each_term(visit));
            }
            Self::Not(tree) => tree.each_term(visit),
            Self::Term(term) => visit(term),
        }
    }
}

/// As it is read back to the same.
impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let between = |f: &mut fmt::Formatter<'_>, parts: &[Self], between: &str| {
            parts.iter().enumerate().try_for_each(|(n, part)| {
                f.write_str(if n > 0 { between } else { "" })?;
                match part {
                    Self::Or(_) => write!(f, "({part})"),
                    part => fmt::Display::fmt(part, f),
                }
            })
        };
        match self {
            Self::And(parts) => between(f, parts, " "),
            Self::Or(parts) => between(f, parts, " or "),
            Self::Not(tree) => match &**tree {
                Self::Term(term) if term.is == Is::Equal => term.write(f, "!="),
                tree @ Self::Term(_) => write!(f, "-{tree}"),
                tree => write!(f, "-({tree})"),
            },
            Self::Term(term) => fmt::Display::fmt(term, f),
        }
    }
}
