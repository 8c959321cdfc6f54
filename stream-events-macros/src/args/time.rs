//! `timeout` and `heartbeat`: a length of time, written with its unit or worked out.

use super::value;
use crate::field::generated_at;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, Lit, Path, Result};

pub(crate) struct Time {
    name: Ident,
    length: Length,
}

enum Length {
    Millis(u64),
    /// A `Duration`.
    Of(Expr),
}

impl Time {
    /// What stands behind the argument's name.
    pub(super) fn parse(name: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let length = match value(name, input)? {
            Expr::Lit(ExprLit { lit, .. }) => Length::Millis(literal(name, &lit)?),
            value => Length::Of(value),
        };
        let name = name.clone();
        Ok(Self { name, length })
    }

    /// `.timeout(duration)` on what is about to start.
    pub(crate) fn start_call(&self, krate: &Path) -> TokenStream {
        let (at, length) = match &self.length {
            Length::Millis(millis) => {
                let length = quote!(#krate::__private::Duration::from_millis(#millis));
                (self.name.span(), length)
            }
            Length::Of(value) => (value.span(), quote!(#value)),
        };
        let method = Ident::new(&self.name.to_string(), generated_at(at));
        quote!(.#method(#length))
    }

    /// `.timeout_waits()` on what tells whether the job does: its error names the argument.
    pub(crate) fn shape_call(&self) -> TokenStream {
        let method = Ident::new(
            &format!("{}_waits", self.name),
            generated_at(self.name.span()),
        );
        quote!(.#method())
    }

    /// That a call that does not return is no job that waits.
    pub(crate) fn refused(&self) -> Error {
        let name = &self.name;
        let message = format!(
            "`{name}` is for a job that waits, and this one is a call that returns `!`: make it an `async fn`, or return a future"
        );
        Error::new(name.span(), message)
    }

    /// `.timeout()` on what judges the outcome, at the argument: there is no error where it is at
    /// fault.
    pub(crate) fn judge_call(&self) -> TokenStream {
        let method = Ident::new(&self.name.to_string(), generated_at(self.name.span()));
        quote!(.#method())
    }
}

fn literal(name: &Ident, lit: &Lit) -> Result<u64> {
    let shown = lit.to_token_stream();
    let length = match lit {
        Lit::Str(text) => millis(&text.value()),
        _ => None,
    };
    match length {
        None => {
            let message = format!(
                "`{shown}` is no time: `{name}` takes one with its unit, as in `{name} = \"1m30s\"`, or a `Duration`; units are ms, s, m, h and d"
            );
            Err(Error::new(lit.span(), message))
        }
        Some(0) => {
            let message = format!("`{name}` must not be zero; without one, leave it out");
            Err(Error::new(lit.span(), message))
        }
        Some(..SHORTEST_BEAT) if name == "heartbeat" => {
            let message = format!(
                "`{shown}` is too short: `heartbeat` is 100ms at least, and a job that says more has something to say of its own"
            );
            Err(Error::new(lit.span(), message))
        }
        Some(millis) => Ok(millis),
    }
}

/// `1h30m`, in milliseconds.
fn millis(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    let mut sum = None;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, behind) = rest.split_at(digits);
        let letters = behind.len()
            - behind
                .trim_start_matches(|c: char| c.is_ascii_alphabetic())
                .len();
        let (unit, behind) = behind.split_at(letters);
        let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let part = number.parse::<u64>().ok()?.checked_mul(*millis)?;
        sum = Some(part.checked_add(sum.unwrap_or(0))?);
        rest = behind.trim_start();
    }
    sum
}

/// Milliseconds. A `Duration` that is shorter is raised to it where the job runs.
const SHORTEST_BEAT: u64 = 100;

const UNITS: &[(&str, u64)] = &[
    ("ms", 1),
    ("s", 1000),
    ("m", 60 * 1000),
    ("h", 60 * 60 * 1000),
    ("d", 24 * 60 * 60 * 1000),
];

#[cfg(test)]
mod tests {
    use super::millis;

    #[test]
    fn times() {
        for (text, expected) in [
            ("500ms", 500),
            ("10s", 10_000),
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            (" 1d 2h ", 26 * 3_600_000),
            ("0s", 0),
        ] {
            assert_eq!(millis(text), Some(expected), "{text}");
        }
        for nonsense in [
            "",
            " ",
            "10",
            "m",
            "1.5h",
            "-1s",
            "10 m",
            "10min",
            "1µs",
            "s10",
            "18446744073709551615d",
        ] {
            assert_eq!(millis(nonsense), None, "{nonsense}");
        }
    }
}
