//! `attempt`, `max_attempts` and `parent`: where a run comes from.

use crate::field::{borrowed, generated_at};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, Lit, Result};

#[derive(Default)]
pub(crate) struct Origin {
    pub(crate) attempt: Option<Expr>,
    pub(crate) max_attempts: Option<Expr>,
    /// `none` is a name that means no parent.
    pub(crate) parent: Option<Expr>,
}

impl Origin {
    /// `.attempt(&n).max_attempts(&m).parent(&id)`, as far as they are given.
    pub(crate) fn builder_calls(&self) -> TokenStream {
        let attempt = call("attempt", &self.attempt);
        let max_attempts = call("max_attempts", &self.max_attempts);
        let parent = match &self.parent {
            Some(Expr::Path(path)) if path.path.is_ident("none") => Some(quote!(.no_parent())),
            parent => call("parent", parent),
        };
        quote!(#attempt #max_attempts #parent)
    }
}

/// Any number but a zero that can be seen.
pub(super) fn attempt(value: Expr) -> Result<Expr> {
    match &value {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) if number.base10_digits() == "0" => {
            let message = format!("`{number}` is no attempt: they are counted from 1");
            Err(Error::new(number.span(), message))
        }
        _ => Ok(value),
    }
}

/// A habit from `#[instrument]`, of which the compiler would but say that it has no type.
pub(super) fn parent(value: Expr) -> Result<Expr> {
    match &value {
        Expr::Path(path) if path.path.is_ident("None") => Err(Error::new_spanned(path, WANTS_NONE)),
        _ => Ok(value),
    }
}

fn call(method: &str, value: &Option<Expr>) -> Option<TokenStream> {
    let value = value.as_ref()?;
    let method = Ident::new(method, generated_at(value.span()));
    let value = borrowed(value);
    Some(quote!(.#method(#value)))
}

const WANTS_NONE: &str = "`parent = none` is part of no other job; an `Option` that turns out to be `None` is part of the job in which this one is called";
pub(super) const WANTS_ATTEMPT: &str = "`max_attempts` needs `attempt`, or nothing tells which try is the last: `attempt = message.attempt, max_attempts = 3`";
