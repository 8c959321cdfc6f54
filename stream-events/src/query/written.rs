//! Texts as a query has them: bare where that is the same, quoted otherwise.

use std::fmt::{self, Formatter, Write};

use super::mistake::is_unseen;

/// Behind an operator.
pub(super) fn value(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    let is_bare = !text.is_empty() && !text.starts_with([':', '=', '!', '<', '>']);
    write(f, text, is_bare && text.chars().all(is_plain))
}

/// By itself.
pub(super) fn words(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    let is_joint = |c| matches!(c, ':' | '=' | '!' | '<' | '>' | '&' | '|');
    let is_bare = !text.is_empty()
        && !text.starts_with('-')
        && !["or", "and", "not"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word));
    write(
        f,
        text,
        is_bare && text.chars().all(|c| is_plain(c) && !is_joint(c)),
    )
}

/// Between the dots of `field.a.b`.
pub(super) fn name(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    let is_bare = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    write(f, text, !text.is_empty() && text.chars().all(is_bare))
}

pub(super) fn quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    write(f, text, false)
}

fn is_plain(c: char) -> bool {
    !c.is_whitespace() && !is_unseen(c) && !matches!(c, '"' | '(' | ')' | '*')
}

fn write(f: &mut Formatter<'_>, text: &str, is_bare: bool) -> fmt::Result {
    if is_bare {
        return f.write_str(text);
    }
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if is_unseen(c) => write!(f, "{}", c.escape_unicode())?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}
