//! The keys of `progress!` that readers take for numbers.

use crate::errors::Errors;
use crate::field::{Capture, Field, generated_at};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, ExprUnary, Lit, UnOp};

/// A field as tracing's macros read it; a number goes through a function that takes nothing else.
pub(crate) fn typed(field: &Field, krate: &TokenStream) -> TokenStream {
    let Some(check) = check_of(&field.name()) else {
        return field.to_token_stream();
    };
    let Field { key, value, .. } = field;
    let check = Ident::new(check, generated_at(value.span()));
    quote!(#key = #krate::__private::#check(#value))
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
        } else if name == "percent" && literal(&field.value).is_some_and(is_no_percentage) {
            let message = "`percent` is a number from 0 to 100";
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

fn is_no_percentage(number: f64) -> bool {
    !(0.0..=100.0).contains(&number)
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
