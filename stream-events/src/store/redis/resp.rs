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
        self.0.push(b'*');
        self.end_line(words as u64)
    }

    pub(super) fn word(&mut self, word: &[u8]) -> &mut Self {
        self.0.push(b'$');
        self.end_line(word.len() as u64);
        self.0.extend_from_slice(word);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        self.word(Digits::of(number).as_bytes())
    }

    pub(super) fn id(&mut self, id: EventId) -> &mut Self {
        let (ms, n) = (Digits::of(id.ms()), Digits::of(id.n()));
        self.0.push(b'$');
        self.end_line((ms.as_bytes().len() + 1 + n.as_bytes().len()) as u64);
        self.0.extend_from_slice(ms.as_bytes());
        self.0.push(b'-');
        self.0.extend_from_slice(n.as_bytes());
        self.0.extend_from_slice(b"\r\n");
        self
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn end_line(&mut self, number: u64) -> &mut Self {
        self.0.extend_from_slice(Digits::of(number).as_bytes());
        self.0.extend_from_slice(b"\r\n");
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_numbers_and_ids_stand_with_their_lengths() {
        let mut resp = Resp::default();
        resp.command(4).word(b"A").word(b"").number(1000);
        resp.id(EventId::new(u64::MAX, 0));
        let text = String::from_utf8(resp.into_bytes()).unwrap();
        let expected = "*4\r\n$1\r\nA\r\n$0\r\n\r\n$4\r\n1000\r\n$22\r\n18446744073709551615-0\r\n";
        assert_eq!(text, expected);
    }
}
