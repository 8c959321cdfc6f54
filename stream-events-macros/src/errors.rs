//! The mistakes found so far: all of them are reported at once, each at its own token.

use proc_macro2::Span;
use std::fmt::Display;
use syn::{Error, Result};

#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    pub(crate) fn at(&mut self, span: Span, message: impl Display) {
        self.push(Error::new(span, message));
    }

    /// The value, or nothing and the mistake kept for later.
    pub(crate) fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// The value, if there was no mistake at all.
    pub(crate) fn check<T>(self, result: Result<T>) -> Result<T> {
        match (result, self.0) {
            (result, None) => result,
            (Ok(_), Some(mistakes)) => Err(mistakes),
            (Err(last), Some(mut mistakes)) => {
                mistakes.combine(last);
                Err(mistakes)
            }
        }
    }
}

#[cfg(test)]
pub(crate) fn messages(error: Error) -> Vec<String> {
    error.into_iter().map(|one| one.to_string()).collect()
}
