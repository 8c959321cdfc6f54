//! Numbers as they are written.

/// A number's decimal digits.
#[derive(Debug)]
pub(crate) struct Digits {
    digits: [u8; 20],
    from: usize,
}

impl Digits {
    pub(crate) fn of(mut number: u64) -> Self {
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

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.digits[self.from..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_its_digits() {
        for number in [0, 9, 10, 12_345, u64::MAX] {
            assert_eq!(Digits::of(number).as_bytes(), number.to_string().as_bytes());
        }
    }
}
