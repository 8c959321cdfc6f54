//! `ret` and `ret(max = "16 KiB")`: what is recorded of a result.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::ParseStream;
use syn::{Error, Lit, Result, Token, parenthesized};

#[derive(Default, PartialEq)]
pub(crate) enum Ret {
    #[default]
    None,
    Whole,
    /// So many bytes of it at most.
    Within(usize),
}

impl Ret {
    /// What may stand behind `ret`.
    pub(super) fn parse(input: ParseStream<'_>) -> Result<Self> {
        if !input.peek(syn::token::Paren) {
            return Ok(Self::Whole);
        }
        let content;
        parenthesized!(content in input);
        let name: Ident = content.parse()?;
        if name != "max" {
            let message = format!("`ret` does not know `{name}`: {WANTS_MAX}");
            return Err(Error::new(name.span(), message));
        }
        content.parse::<Token![=]>()?;
        let size: Lit = content
            .parse()
            .map_err(|error| Error::new(error.span(), WANTS_SIZE))?;
        let bytes = match &size {
            Lit::Str(text) => bytes(&text.value()),
            _ => Err(format!(
                "`{}` is none: {WANTS_SIZE}",
                size.to_token_stream()
            )),
        };
        bytes
            .map(Self::Within)
            .map_err(|message| Error::new(size.span(), message))
    }

    /// `.ret()` or `.ret_within(n)`, at what is to be mended where it cannot be recorded.
    pub(crate) fn call(&self, at: Span) -> Option<TokenStream> {
        let method = |name| Ident::new(name, at);
        match self {
            Self::None => None,
            Self::Whole => {
                let ret = method("ret");
                Some(quote!(.#ret()))
            }
            Self::Within(most) => {
                let ret = method("ret_within");
                Some(quote!(.#ret(#most)))
            }
        }
    }
}

/// `16 KiB`, within what an event can hold.
fn bytes(size: &str) -> std::result::Result<usize, String> {
    let none = || format!("`\"{size}\"` is none: {WANTS_SIZE}");
    let digits = size.trim_end_matches(|c: char| !c.is_ascii_digit());
    let number: usize = digits.parse().map_err(|_| none())?;
    let unit = match size[digits.len()..].trim_start() {
        "B" => 1,
        "KiB" => 1024,
        _ => return Err(none()),
    };
    match number.checked_mul(unit) {
        Some(0) => Err(format!(
            "`{size}` leaves nothing of a result: leave out `ret`"
        )),
        Some(bytes) if bytes <= MOST => Ok(bytes),
        _ => Err(format!(
            "`{size}` is too large: an event holds 256 KiB, and a result no more than that"
        )),
    }
}

/// `stream_events::MAX_PAYLOAD`
const MOST: usize = 256 * 1024;
const WANTS_MAX: &str = "it takes `max`, the most bytes of a result: `ret(max = \"16 KiB\")`";
const WANTS_SIZE: &str = "`max` takes a size with its unit, as in `max = \"16 KiB\"`; units are B and KiB, and 256 KiB is the most";

#[cfg(test)]
mod tests {
    use super::{WANTS_SIZE, bytes};

    #[test]
    fn sizes() {
        assert_eq!(bytes("512 B"), Ok(512));
        assert_eq!(bytes("16 KiB"), Ok(16 * 1024));
        assert_eq!(bytes("256KiB"), Ok(256 * 1024));
        for nonsense in [
            "", "16", "KiB", "1.5 KiB", "16 kb", "1 MiB", "-1 B", "16 KiB B",
        ] {
            let message = format!("`\"{nonsense}\"` is none: {WANTS_SIZE}");
            assert_eq!(bytes(nonsense), Err(message));
        }
        assert!(bytes("0 B").is_err_and(|text| text.contains("leave out `ret`")));
        for size in ["257 KiB", "18014398509481984 KiB"] {
            assert!(bytes(size).is_err_and(|text| text.contains("an event holds 256 KiB")));
        }
    }
}
