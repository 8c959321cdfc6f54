//! The fields that the macros record, and what they can be.

use std::fmt;

use serde::Serialize;

use crate::Fields;

/// A value that `fields(..)` and `publish!` record as it is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field as it is: it does not implement `serde::Serialize`",
    label = "derive `serde::Serialize` for it, or put `%` before it to have it by `Display`, or `?` by `Debug`",
    note = "a type of another crate may have it behind a feature, which mostly is called `serde`"
)]
pub trait FieldSerialize {
    /// Adds it under this key.
    fn add_to(&self, fields: Fields, key: &str) -> Fields;
}

impl<T: Serialize + ?Sized> FieldSerialize for T {
    fn add_to(&self, fields: Fields, key: &str) -> Fields {
        fields.field(key, self)
    }
}

/// What `publish!` says.
#[must_use]
#[derive(Default)]
pub struct Said(Fields);

impl Said {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A field, by serde.
    pub fn field<T: FieldSerialize + ?Sized>(self, key: &str, value: &T) -> Self {
        Self(value.add_to(self.0, key))
    }

    /// A field, by `Display`.
    pub fn display<T: fmt::Display + ?Sized>(self, key: &str, value: &T) -> Self {
        Self(self.0.display(key, value))
    }

    /// A field, by `Debug`.
    pub fn debug<T: fmt::Debug + ?Sized>(self, key: &str, value: &T) -> Self {
        Self(self.0.debug(key, value))
    }

    /// All of them.
    pub fn fields(self) -> Fields {
        self.0
    }
}
