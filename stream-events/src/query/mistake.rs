//! What is wrong with a query, for who wrote it.

use std::fmt;

use crate::error::shown;
use crate::scrub::Scrub;

/// Where a query is wrong, in bytes, and what was expected there.
#[derive(Debug)]
pub(super) struct Wrong {
    at: usize,
    what: String,
}

impl Wrong {
    pub(super) fn at(at: usize, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { at, what }
    }

    pub(super) fn of(self, query: &str) -> Mistake {
        let column = query.get(..self.at).map_or(0, |text| text.chars().count());
        Mistake {
            at: self.at,
            column: column + 1,
            what: self.what,
            shown: excerpt(query, column),
        }
    }
}

/// The same for an error, of which it is the text.
#[derive(Debug, Clone)]
pub(crate) struct Mistake {
    pub(crate) at: usize,
    /// In characters, from 1.
    column: usize,
    what: String,
    /// The query where it is wrong, and the characters before the caret.
    shown: Option<(String, String)>,
}

impl Mistake {
    /// One line; with `#` also the query, and a caret below its mistake.
    pub(crate) fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { column, what, .. } = self;
        write!(f, "the query is wrong at character {column}: {what}")?;
        match &self.shown {
            Some((query, before)) if f.alternate() => write!(f, "\n  {query}\n  {before}^"),
            _ => Ok(()),
        }
    }
}

/// A part of a query as an error shows it: on one line, not too long, without secrets.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", on_one_line(shown(text).chars()))
}

/// Characters of a query to both sides of its mistake.
const AROUND: usize = 60;

/// None where the query has what looks like a secret: half of one is not known for one.
fn excerpt(query: &str, column: usize) -> Option<(String, String)> {
    if Scrub::default().text(query) != query {
        return None;
    }
    let begin = column.saturating_sub(AROUND);
    let before = on_one_line(query.chars().skip(begin).take(column - begin));
    let mut rest = query.chars().skip(column);
    let behind = on_one_line(rest.by_ref().take(AROUND));
    let more = if rest.next().is_some() { "…" } else { "" };
    let before = format!("{}{before}", if begin > 0 { "…" } else { "" });
    let blank = |c| if is_wide(c) { '\u{3000}' } else { ' ' };
    let caret = before.chars().map(blank).collect();
    Some((format!("{before}{behind}{more}"), caret))
}

/// What would move a terminal's cursor, or begin another line of a log, is escaped.
fn on_one_line(chars: impl Iterator<Item = char>) -> String {
    let mut text = String::new();
    for c in chars {
        match c {
            c if is_unseen(c) => text.extend(c.escape_unicode()),
            c => text.push(c),
        }
    }
    text
}

/// Control characters, those that part lines or change the direction of others, and those that [say how others
/// are shown](https://www.unicode.org/reports/tr44/#General_Category_Values) and show nothing themselves.
pub(super) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether a terminal shows it two columns wide, for the most part of [those that it
/// does](https://www.unicode.org/reports/tr11/).
fn is_wide(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}')
}
