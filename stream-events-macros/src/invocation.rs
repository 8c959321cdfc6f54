//! What the `macro_rules!` of stream-events pass on: `[path of the crate]`, then what the user wrote.

use proc_macro2::{TokenStream, TokenTree};

pub(crate) struct Invocation {
    /// `$crate`, so that the macros work through any re-export.
    pub(crate) krate: TokenStream,
    pub(crate) written: TokenStream,
}

impl From<proc_macro::TokenStream> for Invocation {
    fn from(input: proc_macro::TokenStream) -> Self {
        TokenStream::from(input).into()
    }
}

impl From<TokenStream> for Invocation {
    fn from(input: TokenStream) -> Self {
        let mut tokens = input.into_iter();
        let krate = match tokens.next() {
            Some(TokenTree::Group(path)) => path.stream(),
            // Only stream-events calls these macros.
            other => other.into_iter().collect(),
        };
        Self {
            krate,
            written: tokens.collect(),
        }
    }
}
