//! `err(chain)`: an error with all that caused it.
//!
//! The types of errors that are boxed are no `Error`s themselves, but hold one. So there are three ways
//! to read a `Result`'s, each a type that derefs to the next: the first whose bounds hold is taken.

use std::error::Error;
use std::ops::Deref;

use super::returns::{Judge, Plain, Returns, plain};
use crate::event::value;

/// A return type whose error may hold one, as `Box<dyn Error>` and `anyhow::Error` do.
pub struct Holds<R>(HasNone<R>);

/// A return type whose error has no causes that we could ask for.
pub struct HasNone<R>(Plain<R>);

/// What never holds of an error that comes this far, and says why.
#[diagnostic::on_unimplemented(
    message = "`err(chain)` records what caused an error, but `{Self}` is no `std::error::Error`",
    label = "this job's error has no causes to ask for",
    note = "implement `std::error::Error` for it, or leave out `chain`"
)]
pub trait ErrorChain {
    /// Each cause behind what it caused.
    fn chain(&self) -> String;
}

impl<R> Holds<R> {
    pub(super) const NEW: Self = Self(HasNone(Plain::NEW));
}

impl<T, E: Error> Returns<Result<T, E>> {
    /// An error is recorded with its causes.
    #[must_use]
    pub fn chain(self) -> Judge<Result<T, E>, T> {
        Judge::new(|returned| returned.as_ref().map_err(|error| chain_of(error)))
    }
}

impl<T, E: Deref<Target: Error>> Holds<Result<T, E>> {
    /// The error that is held is recorded with its causes.
    #[must_use]
    pub fn chain(&self) -> Judge<Result<T, E>, T> {
        Judge::new(|returned| returned.as_ref().map_err(|error| chain_of(&**error)))
    }
}

impl<T, E> HasNone<Result<T, E>> {
    /// A mistake.
    #[must_use]
    pub fn chain(&self) -> Judge<Result<T, E>, T>
    where
        E: ErrorChain,
    {
        Judge::new(|returned| returned.as_ref().map_err(E::chain))
    }
}

impl<R> Plain<R> {
    /// A success.
    #[must_use]
    pub fn chain(&self) -> Judge<R, R> {
        plain()
    }
}

impl<R> Deref for Holds<R> {
    type Target = HasNone<R>;

    fn deref(&self) -> &HasNone<R> {
        &self.0
    }
}

impl<R> Deref for HasNone<R> {
    type Target = Plain<R>;

    fn deref(&self) -> &Plain<R> {
        &self.0
    }
}

/// `no outline: the model did not answer: timed out`
fn chain_of<E: Error + ?Sized>(error: &E) -> String {
    with_causes(value::text(error), error.source())
}

/// A cause that its effect's text ends with already is not said again.
fn with_causes(mut text: String, mut cause: Option<&(dyn Error + 'static)>) -> String {
    for _ in 0..MOST_CAUSES {
        let Some(error) = cause else { break };
        let said = value::text(error);
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}

/// An error may be its own cause.
const MOST_CAUSES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt;

    #[derive(Debug)]
    struct Failed(&'static str, Option<Box<Self>>);

    impl fmt::Display for Failed {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Failed {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            match &self.1 {
                Some(cause) => Some(&**cause),
                None if self.0 == "again" => Some(self),
                None => None,
            }
        }
    }

    fn failed<const N: usize>(texts: [&'static str; N]) -> Failed {
        let cause = |cause, text: &&'static str| Some(Box::new(Failed(text, cause)));
        *texts.iter().rev().fold(None, cause).unwrap()
    }

    #[test]
    fn each_cause_stands_behind_what_it_caused() {
        assert_eq!(chain_of(&failed(["no outline"])), "no outline");
        let error = failed(["no outline", "no answer", "timed out"]);
        assert_eq!(chain_of(&error), "no outline: no answer: timed out");
    }

    #[test]
    fn what_an_error_says_of_its_cause_is_not_said_again() {
        let error = failed(["no outline: timed out", "timed out", "timed out"]);
        assert_eq!(chain_of(&error), "no outline: timed out");
    }

    #[test]
    fn causes_without_end_have_one() {
        let texts: [&str; 40] = std::array::from_fn(|n| if n % 2 == 0 { "a" } else { "b" });
        let text = chain_of(&failed(texts));
        assert_eq!(text.split(": ").count(), MOST_CAUSES + 1);
        assert_eq!(chain_of(&failed(["again"])), "again");
    }
}
