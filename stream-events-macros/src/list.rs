//! A list separated by commas that is read on after a mistake, so that one build shows them all.

use crate::errors::Errors;
use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{Result, Token};

/// Reads items to the end of `input`; an item that fails is left out and its mistake kept in `errors`.
pub(crate) fn parse(
    input: ParseStream<'_>,
    errors: &mut Errors,
    mut item: impl FnMut(ParseStream<'_>, &mut Errors) -> Result<()>,
) {
    while !input.is_empty() {
        let parsed = item(input, errors).and_then(|()| end_of_item(input));
        if errors.keep(parsed).is_none() {
            skip_item(input);
        }
    }
}

/// The whole of `tokens`, if neither the parser nor a list in it found a mistake.
pub(crate) fn whole<T>(
    tokens: TokenStream,
    parser: impl FnOnce(ParseStream<'_>, &mut Errors) -> Result<T>,
) -> Result<T> {
    let mut errors = Errors::default();
    let result = (|input: ParseStream<'_>| parser(input, &mut errors)).parse2(tokens);
    errors.check(result)
}

fn end_of_item(input: ParseStream<'_>) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    input.parse::<Token![,]>().map(drop)
}

fn skip_item(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        // A token tree always parses where input is left.
        let _ = input.parse::<TokenTree>();
    }
    let _ = input.parse::<Option<Token![,]>>();
}
