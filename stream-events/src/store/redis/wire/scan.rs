//! Where an answer ends: the server's words by their [first
//! bytes](https://redis.io/docs/latest/develop/reference/protocol-spec/), and nothing of what they say.

use super::super::number;

/// How far what has come was looked through. What is not all there yet is looked at again where it
/// stopped.
#[derive(Debug, Default)]
pub(super) struct Scan {
    at: usize,
    /// Values yet to come of the answer that has begun; none has where it is 0.
    open: u64,
    is_push: bool,
}

/// What ends, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Answer(usize),
    /// What the server says unasked.
    Push(usize),
}

/// What no server says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Nonsense;

/// The longest string that a server takes, or gives.
const LONGEST: u64 = 512 * 1024 * 1024;
/// More than a server could hold of anything.
const MOST: u64 = 1 << 40;
/// No line is so long: strings are told with their length, and no error's text goes on like that.
const LONGEST_LINE: usize = 1024 * 1024;

/// Of each command of a transaction.
const QUEUED: &[u8] = b"+QUEUED\r\n";

impl Scan {
    /// Of what begins there.
    pub(super) fn at(at: usize) -> Self {
        Self {
            at,
            ..Self::default()
        }
    }

    /// The next end; none where more has to come first.
    pub(super) fn next(&mut self, bytes: &[u8]) -> Result<Option<Found>, Nonsense> {
        loop {
            let rest = &bytes[self.at..];
            let is_first = self.open == 0;
            let (length, values) = match (rest.first(), short(rest)) {
                (Some(b'$'), Some((line, length))) => (line + length + 2, 0),
                (Some(b'*'), Some((line, count))) => (line, count as u64),
                _ => match any(rest, is_first)? {
                    Some(found) => found,
                    None => return Ok(None),
                },
            };
            if rest.len() < length {
                return Ok(None);
            }
            if is_first {
                self.is_push = rest.first() == Some(&b'>');
            }
            self.at += length;
            self.open = self.open.saturating_sub(1).saturating_add(values);
            if self.open == 0 {
                let end = self.at;
                return Ok(Some(match self.is_push {
                    true => Found::Push(end),
                    false => Found::Answer(end),
                }));
            }
        }
    }

    /// So many bytes at the beginning are gone.
    pub(super) fn forget(&mut self, bytes: usize) {
        self.at -= bytes;
    }
}

/// The number of a first line that has few digits, as nearly all have, and how long the line is.
#[inline]
fn short(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut number = 0;
    for (at, byte) in bytes.iter().enumerate().skip(1).take(SHORT) {
        match byte {
            b'0'..=b'9' => number = 10 * number + usize::from(byte - b'0'),
            b'\r' if at > 1 && bytes.get(at + 1) == Some(&b'\n') => return Some((at + 2, number)),
            _ => return None,
        }
    }
    None
}

const SHORT: usize = 8;

/// How many bytes the first value has, or what it begins with, and how many values are within it. None
/// where its line has yet to come.
fn any(rest: &[u8], is_first: bool) -> Result<Option<(usize, u64)>, Nonsense> {
    let Some(line) = line(rest)? else {
        return Ok(None);
    };
    Ok(Some(match rest.first() {
        Some(b'+' | b'-' | b':' | b'_' | b'#' | b',' | b'(') => (line, 0),
        Some(b'$' | b'!' | b'=') => match count(&rest[1..line], LONGEST)? {
            Some(length) => (line + length as usize + 2, 0),
            None => (line, 0),
        },
        Some(b'*' | b'~') => (line, count(&rest[1..line], MOST)?.unwrap_or(0)),
        Some(b'%') => (line, 2 * count(&rest[1..line], MOST)?.unwrap_or(0)),
        // It stands before a value, and is none.
        Some(b'|') => (line, 2 * count(&rest[1..line], MOST)?.unwrap_or(0) + 1),
        Some(b'>') if is_first => (line, count(&rest[1..line], MOST)?.unwrap_or(0)),
        _ => return Err(Nonsense),
    }))
}

/// How long the first line is, with its end.
fn line(bytes: &[u8]) -> Result<Option<usize>, Nonsense> {
    // Most lines are this one.
    if bytes.starts_with(QUEUED) {
        return Ok(Some(QUEUED.len()));
    }
    let end = bytes.iter().take(LONGEST_LINE).position(|b| *b == b'\n');
    match end {
        Some(end) if end > 0 && bytes[end - 1] == b'\r' => Ok(Some(end + 1)),
        Some(_) => Err(Nonsense),
        None if bytes.len() < LONGEST_LINE => Ok(None),
        None => Err(Nonsense),
    }
}

/// A length or a count; none for `-1`, which is a null.
fn count(line: &[u8], most: u64) -> Result<Option<u64>, Nonsense> {
    let digits = line.strip_suffix(b"\r\n").ok_or(Nonsense)?;
    if digits == b"-1" {
        return Ok(None);
    }
    match number::number(digits) {
        Some((number, [])) if number <= most => Ok(Some(number)),
        _ => Err(Nonsense),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWERS: [&str; 14] = [
        "+OK\r\n",
        "-ERR no\r\n",
        ":12\r\n",
        "$0\r\n\r\n",
        "$5\r\na\r\nbc\r\n",
        "$-1\r\n",
        "*-1\r\n",
        "*0\r\n",
        "*2\r\n$3\r\n1-1\r\n*2\r\n+a\r\n:1\r\n",
        "%1\r\n+a\r\n*1\r\n_\r\n",
        "|1\r\n+ttl\r\n:3\r\n*1\r\n#t\r\n",
        "~1\r\n,1.5\r\n",
        "=7\r\ntxt:abc\r\n",
        "!3\r\nERR\r\n",
    ];

    fn ends(bytes: &[u8], scan: &mut Scan) -> Vec<Found> {
        std::iter::from_fn(|| scan.next(bytes).unwrap()).collect()
    }

    #[test]
    fn each_answer_ends_where_it_ends_however_it_comes() {
        let text = ANSWERS.concat();
        let bytes = text.as_bytes();
        let mut ends_at = 0;
        let expected = ANSWERS.map(|answer| {
            ends_at += answer.len();
            Found::Answer(ends_at)
        });
        assert_eq!(ends(bytes, &mut Scan::default()), expected);
        let (mut scan, mut found) = (Scan::default(), Vec::new());
        for upto in 0..=bytes.len() {
            found.extend(ends(&bytes[..upto], &mut scan));
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_said_unasked_is_no_answer() {
        let bytes = b">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n+OK\r\n";
        let found = ends(bytes, &mut Scan::default());
        assert_eq!(
            found,
            [Found::Push(bytes.len() - 5), Found::Answer(bytes.len())]
        );
    }

    #[test]
    fn what_no_server_says_is_nonsense() {
        for bytes in [
            &b"HTTP/1.1 400 Bad Request\r\n"[..],
            b"\r\n",
            b"+OK\n",
            b"$536870913\r\n",
            b"$99999999999999999999999\r\n",
            b"*1\r\n>1\r\n+a\r\n",
            b"$x\r\n",
            b"$-2\r\n",
            b"*1099511627777\r\n",
        ] {
            let text = String::from_utf8_lossy(bytes);
            assert_eq!(Scan::default().next(bytes), Err(Nonsense), "{text}");
        }
        let endless = vec![b'+'; LONGEST_LINE];
        assert_eq!(Scan::default().next(&endless), Err(Nonsense));
    }
}
