//! Commands as they go over the wire, written at once: an [array of bulk
//! strings](https://redis.io/docs/latest/develop/reference/protocol-spec/#sending-commands-to-a-redis-server)
//! each.

use crate::EventId;
use crate::digits::Digits;

/// Commands, one behind the other.
#[derive(Debug, Default)]
pub(super) struct Resp(Vec<u8>);

impl Resp {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Begins a command of so many words, its name among them.
    pub(super) fn command(&mut self, words: usize) -> &mut Self {
        self.line(b'*', words)
    }

    #[inline]
    pub(super) fn word(&mut self, word: &[u8]) -> &mut Self {
        self.line(b'$', word.len());
        self.raw(word).raw(b"\r\n")
    }

    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        self.word(Digits::of(number).as_bytes())
    }

    /// What stands as it goes out already.
    #[inline]
    pub(super) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    #[inline]
    fn line(&mut self, first: u8, number: usize) -> &mut Self {
        self.0.push(first);
        self.raw(Digits::of(number as u64).as_bytes()).raw(b"\r\n")
    }
}

/// Ids as words, as they go out and as they come back. Of many in a row most are one above the one before.
#[derive(Debug)]
pub(super) struct Ids {
    last: EventId,
    word: [u8; LONGEST],
    length: usize,
}

impl Ids {
    pub(super) fn new() -> Self {
        let mut ids = Self {
            last: EventId::ZERO,
            word: [0; LONGEST],
            length: 0,
        };
        ids.write(EventId::ZERO);
        ids
    }

    #[inline]
    pub(super) fn word(&mut self, id: EventId) -> &[u8] {
        let is_next = id.ms() == self.last.ms() && id.n().checked_sub(1) == Some(self.last.n());
        if !(is_next && self.count_up()) {
            self.write(id);
        }
        self.last = id;
        &self.word[..self.length]
    }

    /// The number counted up where it stands; false where it would need a place more.
    #[inline]
    fn count_up(&mut self) -> bool {
        for digit in self.word[..self.length - END.len()].iter_mut().rev() {
            match digit {
                b'0'..=b'8' => {
                    *digit += 1;
                    return true;
                }
                b'9' => *digit = b'0',
                _ => return false,
            }
        }
        false
    }

    fn write(&mut self, id: EventId) {
        let [ms, n] = [id.ms(), id.n()].map(Digits::of);
        let length = Digits::of((ms.as_bytes().len() + 1 + n.as_bytes().len()) as u64);
        let parts = [
            b"$",
            length.as_bytes(),
            END,
            ms.as_bytes(),
            b"-",
            n.as_bytes(),
            END,
        ];
        self.length = 0;
        for byte in parts.into_iter().flatten() {
            self.word[self.length] = *byte;
            self.length += 1;
        }
    }
}

/// A label and a word behind it. Of many in a row most words have one length, and what stands before them
/// is the same.
#[derive(Debug)]
pub(super) struct Labelled {
    label: &'static [u8],
    length: usize,
    before: Resp,
}

impl Labelled {
    /// The label as it goes out.
    pub(super) fn new(label: &'static [u8]) -> Self {
        let mut labelled = Self {
            label,
            length: 0,
            before: Resp::default(),
        };
        labelled.write(0);
        labelled
    }

    #[inline]
    pub(super) fn add_to(&mut self, resp: &mut Resp, word: &[u8]) {
        if word.len() != self.length {
            self.write(word.len());
        }
        resp.raw(&self.before.0).raw(word).raw(b"\r\n");
    }

    fn write(&mut self, length: usize) {
        self.length = length;
        self.before.0.clear();
        self.before.raw(self.label).line(b'$', length);
    }
}

const END: &[u8] = b"\r\n";
/// Of an id's word: its length, two numbers of up to 20 digits, and what stands around them.
const LONGEST: usize = 48;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_numbers_and_ids_stand_with_their_lengths() {
        let mut resp = Resp::default();
        resp.command(4).word(b"A").word(b"").number(1000);
        let mut ids = Ids::new();
        resp.raw(ids.word(EventId::new(u64::MAX, 0)));
        let text = String::from_utf8(resp.into_bytes()).unwrap();
        let expected = "*4\r\n$1\r\nA\r\n$0\r\n\r\n$4\r\n1000\r\n$22\r\n18446744073709551615-0\r\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_word_stands_behind_its_label_whatever_length_the_one_before_had() {
        let mut labelled = Labelled::new(b"$1\r\na\r\n");
        for word in ["", "b", "c", "", "a longer one"] {
            let mut resp = Resp::default();
            labelled.add_to(&mut resp, word.as_bytes());
            let text = String::from_utf8(resp.into_bytes()).unwrap();
            let expected = format!("$1\r\na\r\n${}\r\n{word}\r\n", word.len());
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn ids_are_words_however_they_follow_each_other() {
        let mut ids = Ids::new();
        for (ms, n, word) in [
            (0, 0, "$3\r\n0-0\r\n"),
            (7, 12, "$4\r\n7-12\r\n"),
            (7, 9, "$3\r\n7-9\r\n"),
            (12, 0, "$4\r\n12-0\r\n"),
            (12, 99, "$5\r\n12-99\r\n"),
            (12, 100, "$6\r\n12-100\r\n"),
            (12, 1000, "$7\r\n12-1000\r\n"),
            (12, 1001, "$7\r\n12-1001\r\n"),
            (12, 1009, "$7\r\n12-1009\r\n"),
            (12, 1010, "$7\r\n12-1010\r\n"),
            (12, 999, "$6\r\n12-999\r\n"),
            (12, 1000, "$7\r\n12-1000\r\n"),
            (13, 1001, "$7\r\n13-1001\r\n"),
        ] {
            let written = ids.word(EventId::new(ms, n));
            assert_eq!(written, word.as_bytes());
        }
        let longest = ids.word(EventId::MAX);
        let text = format!("$41\r\n{}-{}\r\n", u64::MAX, u64::MAX);
        assert_eq!(longest, text.as_bytes());
    }
}
