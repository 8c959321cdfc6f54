//! Names that mean something else inside of tracing's macros, which import their own.
//!
//! `let debug = true; tracing::info!(debug, "..")` takes the function `tracing::field::debug`, and the import
//! cannot go, as tracing says beside it. A user of ours need not know.

use proc_macro2::{TokenStream, TokenTree};

pub(crate) const NAMES: &[&str] = &["debug", "display", "Value"];

/// Whether one of the names is used in an expression, other than as a field or method.
pub(crate) fn mentioned(value: TokenStream) -> bool {
    let mut behind_dot = false;
    for token in value {
        let found = match &token {
            TokenTree::Ident(name) => !behind_dot && NAMES.iter().any(|taken| name == taken),
            TokenTree::Group(group) => mentioned(group.stream()),
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        };
        if found {
            return true;
        }
        behind_dot = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '.');
    }
    false
}

#[cfg(test)]
mod tests {
    use super::mentioned;
    use quote::quote;

    #[test]
    fn only_names_that_stand_alone() {
        assert!(mentioned(quote!(debug)));
        assert!(mentioned(quote!(f(&[display], 1))));
        assert!(mentioned(quote!(Value::new())));
        assert!(!mentioned(quote!(path.display())));
        assert!(!mentioned(quote!(debugger + "debug")));
    }
}
