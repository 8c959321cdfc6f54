//! Numbers and ids as they stand in answers.

use crate::EventId;

/// The number that a text begins with, and what stands behind it.
pub(super) fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    let (mut number, mut places) = (0_u64, 0);
    for digit in digits {
        number = number
            .checked_mul(10)?
            .checked_add(u64::from(digit - b'0'))?;
        places += 1;
    }
    (places > 0).then(|| (number, &text[places..]))
}

/// The id that a text begins with, and what stands behind it.
pub(super) fn id(text: &[u8]) -> Option<(EventId, &[u8])> {
    let (ms, rest) = number(text)?;
    let (n, rest) = number(rest.strip_prefix(b"-")?)?;
    Some((EventId::new(ms, n), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ids_are_read_to_their_ends() {
        for value in [0, 10, u64::MAX] {
            let digits = value.to_string();
            assert_eq!(number(digits.as_bytes()), Some((value, &b""[..])));
        }
        assert_eq!(number(b"12x"), Some((12, &b"x"[..])));
        assert_eq!(id(b"7-12\r\n"), Some((EventId::new(7, 12), &b"\r\n"[..])));
    }

    #[test]
    fn what_is_none_is_none() {
        for text in ["", "x", "-1", "18446744073709551616"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
        for text in ["7", "7-", "-7", "7-x"] {
            assert_eq!(id(text.as_bytes()), None, "{text}");
        }
    }
}
