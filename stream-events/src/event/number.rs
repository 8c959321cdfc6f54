//! A number of an event, as it was written.

use std::fmt;

use serde::{Serialize, Serializer};

/// A number of an event's `data`: what was written as an integer stays one.
///
/// Integers beyond 64 bits lose digits, as they do in most languages; what is no finite number is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number(Kind);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

impl Number {
    /// The number, where it is an integer from 0 to `u64::MAX`.
    #[must_use]
    pub fn as_u64(self) -> Option<u64> {
        match self.0 {
            Kind::Unsigned(number) => Some(number),
            _ => None,
        }
    }

    /// The number, or the nearest that there is.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self.0 {
            Kind::Unsigned(number) => number as f64,
            Kind::Signed(number) => number as f64,
            Kind::Float(number) => number,
        }
    }

    /// Of a number of JSON.
    pub(crate) fn read(written: &str) -> Option<Self> {
        if let Ok(number) = written.parse() {
            return Some(Self(Kind::Unsigned(number)));
        }
        if let Ok(number) = written.parse() {
            return Some(Self(Kind::Signed(number)));
        }
        let number = written
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite());
        number.map(|number| Self(Kind::Float(number)))
    }
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self(Kind::Unsigned(number))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Unsigned(number) => write!(f, "{number}"),
            Kind::Signed(number) => write!(f, "{number}"),
            Kind::Float(number) => write!(f, "{number}"),
        }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Kind::Unsigned(number) => serializer.serialize_u64(number),
            Kind::Signed(number) => serializer.serialize_i64(number),
            Kind::Float(number) => serializer.serialize_f64(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_stay_integers_and_what_is_no_number_is_none() {
        for (written, read) in [
            ("0", "0"),
            ("18446744073709551615", "18446744073709551615"),
            ("-7", "-7"),
            ("2.50", "2.5"),
            ("1e3", "1000.0"),
            ("18446744073709551616", "1.8446744073709552e+19"),
        ] {
            let number = Number::read(written).unwrap();
            assert_eq!(serde_json::to_string(&number).unwrap(), read);
        }
        for written in ["1e400", "\"7\"", "null", "true", "[1]", ""] {
            assert_eq!(Number::read(written), None, "{written}");
        }
        assert_eq!(Number::from(3).as_u64(), Some(3));
        assert_eq!(Number::read("-3").unwrap().as_u64(), None);
        assert_eq!(Number::read("1.5").unwrap().to_string(), "1.5");
    }
}
