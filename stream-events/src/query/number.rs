//! Numbers as they are written in JSON, compared digit by digit: none is rounded.

use std::cmp::Ordering;

/// `0.digits × 10^magnitude`, of any length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number {
    is_negative: bool,
    /// Without zeros at either end; none of zero.
    digits: Vec<u8>,
    magnitude: i64,
}

impl Number {
    /// None of what is no [number of JSON](https://www.rfc-editor.org/rfc/rfc8259#section-6).
    pub(super) fn of(text: &str) -> Option<Self> {
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(text) => (true, text),
            None => (false, text),
        };
        let (text, exponent) = match text.split_once(['e', 'E']) {
            Some((text, exponent)) => (text, self::exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (text, ""),
        };
        let are_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let has_zeros = whole.len() > 1 && whole.starts_with('0');
        if whole.is_empty() || has_zeros || !are_digits(whole) || !are_digits(fraction) {
            return None;
        }
        Some(Self::from(is_negative, whole, fraction, exponent))
    }

    fn from(is_negative: bool, whole: &str, fraction: &str, exponent: i64) -> Self {
        let mut digits = [whole, fraction].concat().into_bytes();
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        digits.drain(..zeros);
        let end = digits.iter().rposition(|digit| *digit != b'0');
        digits.truncate(end.map_or(0, |end| end + 1));
        if digits.is_empty() {
            return Self {
                is_negative: false,
                digits,
                magnitude: i64::MIN,
            };
        }
        let places = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let magnitude = places(whole.len()).saturating_sub(places(zeros));
        Self {
            is_negative,
            digits,
            magnitude: magnitude.saturating_add(exponent),
        }
    }

    /// Without the sign.
    fn compare_size(&self, other: &Self) -> Ordering {
        let magnitude = self.magnitude.cmp(&other.magnitude);
        magnitude.then_with(|| self.digits.cmp(&other.digits))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_negative, other.is_negative) {
            (false, false) => self.compare_size(other),
            (true, true) => other.compare_size(self),
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One beyond all bounds is as good as the bound.
fn exponent(text: &str) -> Option<i64> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse().unwrap_or(LARGEST).min(LARGEST);
    Some(if is_negative { -size } else { size })
}

const LARGEST: i64 = i64::MAX / 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::of(text).unwrap()
    }

    #[test]
    fn numbers_stand_in_their_order_however_they_are_written() {
        let in_order = [
            "-1e400",
            "-12",
            "-2",
            "-1.5",
            "-0.01",
            "0",
            "1e-400",
            "0.0999",
            "0.1",
            "0.11",
            "1",
            "2",
            "9.99",
            "10",
            "11",
            "9007199254740992",
            "9007199254740993",
            "18446744073709551615",
            "18446744073709551616",
            "1e400",
            "1.1e400",
        ];
        for (n, a) in in_order.iter().enumerate() {
            for (m, b) in in_order.iter().enumerate() {
                assert_eq!(number(a).cmp(&number(b)), n.cmp(&m), "{a} {b}");
            }
        }
        for (a, b) in [
            ("0", "-0"),
            ("0", "0.000e9"),
            ("10", "1e1"),
            ("10", "10.0"),
            ("0.1", "1E-1"),
            ("1200", "0.12e+4"),
            ("1e99999999999999999999", "1e99999999999999999998"),
        ] {
            assert_eq!(number(a), number(b), "{a} {b}");
        }
    }

    #[test]
    fn what_is_no_number_of_json_is_none() {
        for text in [
            "", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x1", "1_000", "NaN", "inf", "１", "1 ",
            "--1", "1.2.3", "1e1.5",
        ] {
            assert_eq!(Number::of(text), None, "{text}");
        }
    }
}
