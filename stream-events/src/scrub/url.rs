//! User and password in a URL.

use std::ops::Range;

use super::secrets::Text;

/// A stretch of text without a space, as a URL is, that was looked through already: of many URLs in
/// one stretch, it is not looked through for each.
#[derive(Default)]
pub(super) struct Span {
    end: usize,
    last_at: Option<usize>,
}

impl Span {
    /// What stands before the `@` of a URL whose `://` is here. A password may hold what should have
    /// been escaped, also an `@`: the last one counts.
    pub(super) fn credentials(&mut self, text: Text<'_>, at: usize) -> Option<Range<usize>> {
        let start = at + 3;
        if start >= self.end {
            let url = text.run(start, is_of_url);
            self.end = start + url.len();
            self.last_at = url
                .iter()
                .rposition(|byte| *byte == b'@')
                .map(|n| start + n);
        }
        let is_of_host = |byte| is_of_url(byte) && !matches!(byte, b'/' | b'?' | b'#');
        let host = text.run(start, is_of_host);
        match self.last_at.filter(|last| *last > start) {
            Some(last) if host.contains(&b'@') || has_password(host) => Some(start..last),
            None if text.is_cut_at(self.end) => {
                let may_be = has_password(host) || start + host.len() == self.end;
                may_be.then_some(start..self.end)
            }
            _ => None,
        }
    }
}

fn is_of_url(byte: u8) -> bool {
    !(byte.is_ascii_whitespace()
        || byte.is_ascii_control()
        || matches!(byte, b'"' | b'<' | b'>' | b'`'))
}

/// Whether what follows a colon is no port.
fn has_password(host: &[u8]) -> bool {
    // The address of IPv6 has colons of its own.
    let behind = host.iter().rposition(|byte| *byte == b']').unwrap_or(0);
    let mut parts = host[behind..].splitn(2, |byte| *byte == b':').skip(1);
    parts.any(|port| !port.iter().all(u8::is_ascii_digit))
}
