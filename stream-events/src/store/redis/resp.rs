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

    pub(super) fn word(&mut self, word: &[u8]) -> &mut Self {
        self.line(b'$', word.len());
        self.raw(word).raw(b"\r\n")
    }

    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        self.word(Digits::of(number).as_bytes())
    }

    /// What stands as it goes out already.
    pub(super) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Written at once: a word has little else.
    fn line(&mut self, first: u8, number: usize) -> &mut Self {
        let mut line = Short::default();
        line.push(&[first]).number(number).push(b"\r\n");
        self.raw(line.as_bytes())
    }
}

/// Ids as words, as they go out and as they come back. Of many in a row most have one time.
#[derive(Debug)]
pub(super) struct Ids {
    ms: u64,
    digits: Digits,
}

impl Ids {
    pub(super) fn new() -> Self {
        Self {
            ms: 0,
            digits: Digits::of(0),
        }
    }

    pub(super) fn word(&mut self, id: EventId) -> Short {
        if id.ms() != self.ms {
            (self.ms, self.digits) = (id.ms(), Digits::of(id.ms()));
        }
        let (ms, n) = (self.digits.as_bytes(), Digits::of(id.n()));
        let length = ms.len() + 1 + n.as_bytes().len();
        let mut word = Short::default();
        word.push(b"$").number(length).push(b"\r\n");
        word.push(ms).push(b"-").push(n.as_bytes()).push(b"\r\n");
        word
    }
}

/// Bytes of which there are few.
#[derive(Debug)]
pub(super) struct Short {
    bytes: [u8; 64],
    length: usize,
}

impl Default for Short {
    fn default() -> Self {
        Self {
            bytes: [0; 64],
            length: 0,
        }
    }
}

impl Short {
    /// One by one: so few are not worth a call.
    fn push(&mut self, bytes: &[u8]) -> &mut Self {
        let free = self.bytes[self.length..].iter_mut();
        for (place, byte) in free.zip(bytes) {
            *place = *byte;
        }
        self.length += bytes.len();
        self
    }

    fn number(&mut self, number: usize) -> &mut Self {
        self.push(Digits::of(number as u64).as_bytes())
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_numbers_and_ids_stand_with_their_lengths() {
        let mut resp = Resp::default();
        resp.command(4).word(b"A").word(b"").number(1000);
        let mut ids = Ids::new();
        resp.raw(ids.word(EventId::new(u64::MAX, 0)).as_bytes());
        let text = String::from_utf8(resp.into_bytes()).unwrap();
        let expected = "*4\r\n$1\r\nA\r\n$0\r\n\r\n$4\r\n1000\r\n$22\r\n18446744073709551615-0\r\n";
        assert_eq!(text, expected);
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
        ] {
            let written = ids.word(EventId::new(ms, n));
            assert_eq!(written.as_bytes(), word.as_bytes());
        }
        let longest = ids.word(EventId::MAX);
        let text = format!("$41\r\n{}-{}\r\n", u64::MAX, u64::MAX);
        assert_eq!(longest.as_bytes(), text.as_bytes());
    }
}
