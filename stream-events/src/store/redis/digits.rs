//! Numbers and ids as they stand in commands and answers.

use crate::EventId;

/// A number's decimal digits.
pub(super) struct Digits {
    digits: [u8; 20],
    from: usize,
}

impl Digits {
    pub(super) fn of(mut number: u64) -> Self {
        let mut digits = [b'0'; 20];
        let mut from = digits.len() - 1;
        digits[from] += (number % 10) as u8;
        while number >= 10 {
            number /= 10;
            from -= 1;
            digits[from] += (number % 10) as u8;
        }
        Self { digits, from }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.digits[self.from..]
    }
}

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
    fn numbers_are_read_back_as_they_are_written() {
        for value in [0, 9, 10, 12_345, u64::MAX] {
            let digits = Digits::of(value);
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
