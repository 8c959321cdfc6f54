//! The values of an event or a span, each as what it is.

use std::error::Error;
use std::fmt;

use stream_events::Fields;
use tracing::field::{Field, Visit};

/// One value.
pub(crate) enum Value<'a> {
    Real(f64),
    Whole(i128),
    /// Beyond the whole numbers.
    Huge(u128),
    Truth(bool),
    Text(&'a str),
    Bytes(&'a [u8]),
    Error(&'a (dyn Error + 'static)),
    /// Has a `Debug` alone, as what is written `%value` and `?value`.
    Debug(&'a dyn fmt::Debug),
}

/// Hands each value to a function, with the name of its field. Texts of the user's own are made there, or
/// not at all.
pub(crate) struct Each<F>(pub(crate) F);

/// As a text, by code of the user's that may panic.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Real(value) => write!(f, "{value}"),
            Self::Whole(value) => write!(f, "{value}"),
            Self::Huge(value) => write!(f, "{value}"),
            Self::Truth(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
            Self::Bytes(value) => f.write_str(&String::from_utf8_lossy(value)),
            Self::Error(value) => write!(f, "{value}"),
            Self::Debug(value) => value.fmt(f),
        }
    }
}

impl Value<'_> {
    /// As a field of an event.
    pub(crate) fn add_to(&self, fields: Fields, name: &str) -> Fields {
        match self {
            Self::Real(value) => fields.field(name, value),
            Self::Whole(value) => fields.field(name, value),
            Self::Huge(value) => fields.field(name, value),
            Self::Truth(value) => fields.field(name, value),
            Self::Text(value) => fields.field(name, value),
            Self::Bytes(_) | Self::Error(_) | Self::Debug(_) => fields.display(name, self),
        }
    }

    /// Where it is a number that counts something.
    pub(crate) fn whole(&self) -> Option<u64> {
        match self {
            Self::Real(value) => {
                let is_whole = *value >= 0.0 && value.fract() == 0.0 && *value < 2f64.powi(53);
                is_whole.then_some(*value as u64)
            }
            Self::Whole(value) => u64::try_from(*value).ok(),
            _ => None,
        }
    }

    /// Where it is a number that has an end.
    pub(crate) fn real(&self) -> Option<f64> {
        let real = match self {
            Self::Real(value) => *value,
            Self::Whole(value) => *value as f64,
            Self::Huge(value) => *value as f64,
            _ => return None,
        };
        real.is_finite().then_some(real)
    }

    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Real(_) | Self::Whole(_) | Self::Huge(_))
    }
}

impl<F: FnMut(&'static str, Value<'_>)> Visit for Each<F> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        (self.0)(field.name(), Value::Real(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        (self.0)(field.name(), Value::Whole(value.into()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        (self.0)(field.name(), Value::Whole(value.into()));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        (self.0)(field.name(), Value::Whole(value));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        let whole = i128::try_from(value);
        (self.0)(field.name(), whole.map_or(Value::Huge(value), Value::Whole));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        (self.0)(field.name(), Value::Truth(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        (self.0)(field.name(), Value::Text(value));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        (self.0)(field.name(), Value::Bytes(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        (self.0)(field.name(), Value::Error(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        (self.0)(field.name(), Value::Debug(value));
    }
}
