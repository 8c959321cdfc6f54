//! The strings of a JSON text, each replaced or left.

use std::borrow::Cow;

use crate::event::cut::whole_characters;

/// One string as it stands in the text, without its quotes.
pub(super) struct Raw<'a> {
    /// The key whose value it is, as it stands in the text; empty where it is none's.
    pub(super) name: &'a [u8],
    pub(super) inside: &'a [u8],
    /// Whether its end is missing, with that of the text.
    pub(super) is_cut: bool,
}

/// The text with its strings replaced, where that is any; the text is the value of a key by this name.
/// What is no JSON is left as it is.
pub(super) fn scrubbed(
    name: &[u8],
    json: &[u8],
    replace: impl Fn(&Raw<'_>) -> Option<String>,
) -> Option<Vec<u8>> {
    let (mut text, mut kept, mut at) = (Vec::new(), 0, 0);
    let (mut last, mut between): (_, &[u8]) = (name, b"");
    while let Some(quote) = json[at..].iter().position(|byte| *byte == b'"') {
        let start = at + quote + 1;
        let is_value = json[at..start - 1].trim_ascii() == between;
        let name = if is_value { last } else { b"" };
        let string = Raw::at(&json[start..], name);
        let end = start + string.inside.len();
        if let Some(replaced) = replace(&string) {
            let quoted = serde_json::Value::String(replaced).to_string();
            text.extend_from_slice(&json[kept..start]);
            text.extend_from_slice(&quoted.as_bytes()[1..quoted.len() - 1]);
            kept = end;
        }
        if string.is_cut {
            break;
        }
        (last, between) = (string.inside, b":");
        at = end + 1;
    }
    (kept > 0).then(|| {
        text.extend_from_slice(&json[kept..]);
        text
    })
}

impl<'a> Raw<'a> {
    fn at(rest: &'a [u8], name: &'a [u8]) -> Self {
        let mut end = 0;
        while let Some(next) = rest[end..]
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\'))
        {
            end += next;
            if rest[end] == b'"' {
                let inside = &rest[..end];
                return Self {
                    name,
                    inside,
                    is_cut: false,
                };
            }
            end = rest.len().min(end + 2);
        }
        Self {
            name,
            inside: rest,
            is_cut: true,
        }
    }

    /// What it says; of one that is cut, what there is of whole characters.
    pub(super) fn text(&self) -> Option<Cow<'a, str>> {
        let whole = match self.is_cut {
            true => &self.inside[..whole_characters(self.inside, self.inside.len())],
            false => self.inside,
        };
        if !whole.contains(&b'\\') {
            return std::str::from_utf8(whole).ok().map(Cow::Borrowed);
        }
        let quoted = [b"\"", whole, b"\""].concat();
        serde_json::from_slice(&quoted).ok().map(Cow::Owned)
    }
}
