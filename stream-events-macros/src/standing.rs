//! What the values of `progress!` have to be: numbers, for the keys that readers take for such.

use crate::errors::Errors;
use crate::field::{Capture, Field, borrowed_at, generated_at};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, ExprUnary, Lit, Token, UnOp};

/// A field as tracing's macros read it. Its value goes through a function that takes nothing else: what
/// tracing does not take, it shows as the whole macro.
pub(crate) fn typed(field: &Field, krate: &TokenStream) -> TokenStream {
    let Field { key, value, .. } = field;
    let name = field.name();
    let is_number = check_of(&name).is_some();
    if field.capture == Capture::Plain && !is_number && is_taken(value) {
        return quote!(#key = #value);
    }
    let check = match field.capture {
        Capture::Plain => check_of(&name).unwrap_or("recorded"),
        Capture::Display => "displayed",
        Capture::Debug => "debugged",
    };
    // A sigil makes a value of its own, all else is looked at where it is.
    let deref = (field.capture == Capture::Plain).then(<Token![*]>::default);
    let (check, value) = (Ident::new(check, generated_at(value.span())), shown(value));
    quote!(#key = #deref #krate::__private::#check(#value))
}

/// `&value`, all of it the user's own: inside of tracing's macros the compiler points at the value for
/// nothing less. Not where lints would see it, too.
fn shown(value: &Expr) -> TokenStream {
    match value {
        Expr::Unary(ExprUnary {
            op: UnOp::Deref(_), ..
        }) => borrowed_at(generated_at(value.span()), value),
        _ => borrowed_at(value.span(), value),
    }
}

/// Whether tracing certainly takes it.
fn is_taken(value: &Expr) -> bool {
    let Expr::Lit(ExprLit { lit, .. }) = value else {
        return false;
    };
    matches!(
        lit,
        Lit::Str(_) | Lit::Int(_) | Lit::Float(_) | Lit::Bool(_)
    )
}

/// Refuses what can be seen to be no such number.
pub(crate) fn check_numbers(fields: &[Field], errors: &mut Errors) {
    for field in fields {
        let name = field.name();
        if check_of(&name).is_none() {
            continue;
        }
        if field.capture != Capture::Plain {
            let message = format!(
                "`{name}` is a number, and a sigil makes it a text: write `{name} = <expr>`"
            );
            errors.at(field.key.span(), message);
        } else if name == "percent"
            && let Some(number) = literal(&field.value).filter(is_no_percentage)
        {
            let message =
                format!("`{number}` is no percentage: `percent` is a number from 0 to 100");
            errors.at(field.value.span(), message);
        }
    }
}

fn check_of(name: &str) -> Option<&'static str> {
    match name {
        "percent" => Some("percent"),
        "current" | "total" => Some("count"),
        _ => None,
    }
}

fn is_no_percentage(number: &f64) -> bool {
    !(0.0..=100.0).contains(number)
}

fn literal(value: &Expr) -> Option<f64> {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) => number.base10_parse().ok(),
        Expr::Lit(ExprLit {
            lit: Lit::Float(number),
            ..
        }) => number.base10_parse().ok(),
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => literal(expr).map(|number| -number),
        _ => None,
    }
}
