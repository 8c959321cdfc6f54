//! Where in an event's `data` a field stands.

use std::fmt;

use super::lexer::Char;
use super::mistake::Wrong;
use super::written;

/// The names between the dots of `field.a.b`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) name: String,
    /// Of an array's elements, this one, from 0.
    pub(super) index: Option<usize>,
}

/// Names of a path.
const MOST_NAMES: usize = 16;

impl Path {
    /// What stands behind `field.`, at this place.
    pub(super) fn of(chars: &[Char], at: usize) -> Result<Self, Wrong> {
        let mut segments = Vec::new();
        let (mut begins, mut rest) = (at, chars);
        loop {
            let dot = rest.iter().position(|char| char.is('.'));
            let (name, behind) = rest.split_at(dot.unwrap_or(rest.len()));
            if name.is_empty() {
                let what = "a field's name is expected here, such as in `field.user.id=7`";
                return Err(Wrong::at(begins, what));
            }
            if segments.len() >= MOST_NAMES {
                let what = format!("a field's place has {MOST_NAMES} names at most");
                return Err(Wrong::at(begins, what));
            }
            segments.push(Segment::of(name));
            let Some((dot, behind)) = behind.split_first() else {
                return Ok(Self(segments));
            };
            (begins, rest) = (dot.at + 1, behind);
        }
    }

    /// The member of `data` that it begins with.
    pub(super) fn first(&self) -> &str {
        self.0.first().map_or("", |first| &first.name)
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.0
    }
}

impl Segment {
    fn of(chars: &[Char]) -> Self {
        let name: String = chars.iter().map(|char| char.c).collect();
        let is_index = chars
            .iter()
            .all(|char| char.c.is_ascii_digit() && !char.is_quoted);
        let index = name.parse().ok().filter(|_| is_index);
        Self { name, index }
    }
}

/// As it stands behind `field`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|segment| {
            f.write_str(".")?;
            let is_number = segment.name.bytes().all(|b| b.is_ascii_digit());
            match segment.index {
                None if is_number => written::quoted(f, &segment.name),
                _ => written::name(f, &segment.name),
            }
        })
    }
}
