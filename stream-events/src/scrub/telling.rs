//! What the bytes of a text tell of it, each looked at once: most texts stand in JSON as they are, and have
//! nothing of which a secret might be made.

use super::trigrams::EACH;

/// What one or another byte of a text may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Telling(u8);

/// Has to be escaped in JSON.
const UNPLAIN: u8 = 1;
/// Is in one secret or another. No secret, and nothing that names one, has none of these bytes.
const SECRET: u8 = 1 << 1;

impl Telling {
    pub(crate) fn of(text: &[u8]) -> Self {
        // Eight at a time, without a branch. The last eight may be among those before: no harm is in looking
        // twice.
        let Some(last) = text.last_chunk::<8>() else {
            return Self(text.iter().fold(0, |all, byte| all | told(*byte)));
        };
        let (eights, _) = text.as_chunks::<8>();
        Self(
            eights
                .iter()
                .fold(told_by(last), |all, eight| all | told_by(eight)),
        )
    }

    /// Whether the text stands in a string of JSON as it is.
    pub(crate) fn is_plain(self) -> bool {
        self.0 & UNPLAIN == 0
    }

    /// Whether the text stands there as it is, and has no secret.
    pub(crate) fn is_harmless(self) -> bool {
        self.0 == 0
    }
}

#[inline]
fn told_by(eight: &[u8; 8]) -> u8 {
    eight.iter().fold(0, |all, byte| all | told(*byte))
}

fn told(byte: u8) -> u8 {
    TOLD[usize::from(byte)]
}

static TOLD: [u8; 256] = {
    let mut told = [0; 256];
    let mut n = 0;
    while n < b' ' as usize {
        told[n] = UNPLAIN;
        n += 1;
    }
    told[b'"' as usize] = UNPLAIN;
    told[b'\\' as usize] = UNPLAIN;
    let mut n = 0;
    while n < EACH.len() {
        let (_, places, telling) = EACH[n];
        let mut byte = 0;
        while byte < places[telling].len() {
            told[places[telling][byte] as usize] |= SECRET;
            byte += 1;
        }
        n += 1;
    }
    told
};

#[cfg(test)]
mod tests {
    use super::super::trigrams::{ESCAPED, PLAIN, Trigrams};
    use super::*;

    #[test]
    fn where_a_secret_may_be_a_byte_tells_it() {
        let ascii = || 0..0x80;
        for (first, second) in ascii().flat_map(|first| ascii().map(move |second| (first, second)))
        {
            for place in ascii().map(|third| [first, second, third]) {
                let may_be_one = |trigrams: &Trigrams| trigrams.next(&place, 0).is_some();
                if may_be_one(&PLAIN) || may_be_one(&ESCAPED) {
                    assert!(!Telling::of(&place).is_harmless(), "{place:?}");
                }
            }
        }
    }

    #[test]
    fn each_byte_of_a_text_tells_wherever_it_stands() {
        for at in 0..20 {
            let with = |byte| {
                let mut text = *b"reading page 17 of 9";
                text[at] = byte;
                Telling::of(&text)
            };
            assert!(with(b'x').is_harmless());
            assert!(with(b'=').is_plain() && !with(b'=').is_harmless());
            for byte in [b'"', b'\\', b'\n', 0x1f] {
                assert!(!with(byte).is_plain() && !with(byte).is_harmless());
            }
        }
    }
}
