//! Text with `*` in it, and whether another text is like it.

use std::borrow::Cow;
use std::fmt;

use super::lexer::Char;
use super::text::Text;
use super::work::Work;

/// The parts around the `*` of a value: one where there is none.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    /// As they were written.
    parts: Vec<String>,
    /// Without case.
    folded: Vec<String>,
}

type Written = fn(&mut fmt::Formatter<'_>, &str) -> fmt::Result;

impl Pattern {
    /// Each bare `*` is one, of several in a row the first.
    pub(super) fn of(chars: &[Char]) -> Self {
        let mut parts = vec![String::new()];
        let mut was_star = false;
        for char in chars {
            let is_star = char.is('*');
            match parts.last_mut() {
                Some(part) if !is_star => part.push(char.c),
                _ if was_star => {}
                _ => parts.push(String::new()),
            }
            was_star = is_star;
        }
        Self::from(parts)
    }

    /// The text as it is.
    pub(super) fn literal(chars: &[Char]) -> Self {
        Self::from(vec![chars.iter().map(|char| char.c).collect()])
    }

    fn from(parts: Vec<String>) -> Self {
        let folded = parts.iter().map(|part| folded(part).into_owned());
        let folded = folded.collect();
        Self { parts, folded }
    }

    pub(super) fn has_stars(&self) -> bool {
        self.parts.len() > 1
    }

    /// Whether it is a `*` and nothing else.
    pub(super) fn is_star(&self) -> bool {
        self.has_stars() && self.parts.iter().all(String::is_empty)
    }

    /// The text, of a pattern without `*`.
    pub(super) fn text(&self) -> &str {
        self.parts.first().map_or("", String::as_str)
    }

    /// As a query has it, each part as it is written there.
    pub(super) fn write(&self, f: &mut fmt::Formatter<'_>, part: Written) -> fmt::Result {
        if let [text] = &self.parts[..] {
            return part(f, text);
        }
        for (n, text) in self.parts.iter().enumerate() {
            if n > 0 {
                f.write_str("*")?;
            }
            if !text.is_empty() {
                part(f, text)?;
            }
        }
        Ok(())
    }

    /// Whether this is the whole text, whatever its case.
    pub(super) fn is_whole(&self, text: &Text<'_>, work: &Work) -> bool {
        let text = text.folded(work);
        let ([first, middle @ .., last], true) = (&self.folded[..], self.has_stars()) else {
            return self.folded.first().is_some_and(|part| *part == *text);
        };
        let rest = text.strip_prefix(first.as_str());
        let rest = rest.and_then(|rest| rest.strip_suffix(last.as_str()));
        rest.is_some_and(|rest| are_in(middle, rest, work))
    }

    /// Whether this is anywhere in the text, whatever its case.
    pub(super) fn is_in(&self, text: &Text<'_>, work: &Work) -> bool {
        are_in(&self.folded, text.folded(work), work)
    }
}

/// One after the other. Each is looked for once, behind where the one before it was found first: a
/// place further on would leave less for the others. So it takes as long as the text has bytes.
fn are_in(parts: &[String], mut text: &str, work: &Work) -> bool {
    work.add(if parts.is_empty() { 0 } else { text.len() });
    parts.iter().all(|part| match text.find(part.as_str()) {
        Some(at) => {
            text = &text[at + part.len()..];
            true
        }
        None => false,
    })
}

/// Lower case, character by character.
pub(super) fn folded(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        let lower = |c: char| match c {
            // Which of the two is written hangs on what is behind.
            'ς' => 'σ'.to_lowercase(),
            c => c.to_lowercase(),
        };
        Cow::Owned(text.chars().flat_map(lower).collect())
    } else if text.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// They are written alike: what is folded follows from that.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}

impl Eq for Pattern {}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        let char = |(at, c)| Char {
            c,
            at,
            is_quoted: c == '★',
        };
        let chars: Vec<_> = text.char_indices().map(char).collect();
        Pattern::of(&chars)
    }

    #[test]
    fn a_star_is_any_text_and_case_does_not_count() {
        for (written, text, is_whole, is_in) in [
            ("abc", "ABC", true, true),
            ("abc", "xabcx", false, true),
            ("a*c", "a c", true, true),
            ("a*c", "ac", true, true),
            ("a*a", "a", false, false),
            ("ab*ba", "aba", false, false),
            ("*", "", true, true),
            ("", "", true, true),
            ("", "a", false, true),
            ("*b*", "abc", true, true),
            ("a**c", "abc", true, true),
            ("*ab*ab*", "xabab", true, true),
            ("*ab*ab*", "xab", false, false),
            ("a*b*c", "acbc", true, true),
            ("ΣΑΣ*", "σας", true, true),
            ("İ", "i̇", true, true),
            ("标*", "标题", true, true),
        ] {
            let (pattern, text) = (pattern(written), Text::new(text.into()));
            let work = Work::default();
            let found = (pattern.is_whole(&text, &work), pattern.is_in(&text, &work));
            assert_eq!(found, (is_whole, is_in), "{written} {}", text.plain());
        }
    }

    /// One that tries all places of all stars would take longer than the world has been there.
    #[test]
    fn stars_without_end_take_no_time() {
        let stars = pattern(&"*a".repeat(1000));
        let once = "a".repeat(999) + &"b".repeat(1 << 20);
        let twice = once.repeat(2);
        let [once, twice] = [once, twice].map(|text| Text::new(text.into()));
        let work = Work::default();
        assert!(!stars.is_whole(&once, &work) && !stars.is_in(&once, &work));
        assert!(stars.is_in(&twice, &work));
    }
}
