//! What a term is about: the keys that there are, and the one that was meant where there is none.

use std::fmt;

use super::known::{KEYS, Known};
use super::lexer::Char;
use super::meant::meant;
use super::mistake::{Wrong, quoted};
use super::path::Path;

/// What stands before a term's operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// Nothing: words to be found in the texts.
    Words,
    Known(Known),
    /// `field.a.b`
    Field(Path),
}

impl Key {
    /// What stands before an operator, at this place.
    pub(super) fn of(chars: &[Char], at: usize) -> Result<Self, Wrong> {
        let begins = FIELD.chars().zip(chars);
        if chars.len() >= FIELD.len() && begins.into_iter().all(|(c, char)| char.is(c)) {
            let path = chars.get(FIELD.len()..).unwrap_or_default();
            return Path::of(path, at + FIELD.len()).map(Self::Field);
        }
        let name: String = chars.iter().map(|char| char.c).collect();
        match Known::of(&name) {
            Some(known) if chars.iter().all(|char| !char.is_quoted) => Ok(Self::Known(known)),
            Some(_) => Err(Wrong::at(at, "a key is not quoted, and a text as a whole")),
            None => Err(Wrong::at(at, unknown(&name))),
        }
    }
}

const FIELD: &str = "field.";

fn unknown(name: &str) -> String {
    if name == "field" {
        return "the field's name is expected behind `field`, such as `field.user.id=7`".to_owned();
    }
    let found = quoted(name);
    let meant = match meant(name) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => {
            let names = KEYS.map(|(_, name, ..)| format!("`{name}`"));
            format!("there are {} and `field.…`.", names.join(", "))
        }
    };
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let own = match name.bytes().all(is_plain) && found == format!("`{name}`") {
        true => name,
        false => "NAME",
    };
    format!(
        "there is no key {found}; {meant} A field of your own is `field.{own}`, and text with such a sign in it is quoted"
    )
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words => Ok(()),
            Self::Known(known) => f.write_str(known.name()),
            Self::Field(path) => write!(f, "field{path}"),
        }
    }
}
