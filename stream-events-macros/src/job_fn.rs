//! The annotated function: its signature is parsed, its body stays as the user wrote it, token by token.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::token::Brace;
use syn::{Attribute, Error, FnArg, LitStr, Pat, Result, Signature, Token, Visibility, braced};

pub(crate) struct JobFn {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: Body,
}

pub(crate) struct Body {
    pub(crate) brace: Brace,
    /// `#![..]`, which must stay the first thing in its block.
    pub(crate) inner_attrs: Vec<Attribute>,
    pub(crate) tokens: TokenStream,
}

impl JobFn {
    /// Every name that the arguments bind, `self` and those inside of patterns too.
    pub(crate) fn argument_names(&self) -> Vec<Ident> {
        let mut names = Vec::new();
        for argument in &self.sig.inputs {
            match argument {
                FnArg::Receiver(receiver) => names.push(receiver.self_token.into()),
                FnArg::Typed(typed) => bound_names(&typed.pat, &mut names),
            }
        }
        names
    }
}

impl Parse for JobFn {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        if !function_next(input) {
            return Err(input.error(WANTS_ASYNC_FN));
        }
        let sig: Signature = input.parse()?;
        if sig.asyncness.is_none() {
            return Err(not_async(&sig));
        }
        if !input.peek(Brace) {
            return Err(Error::new(sig.fn_token.span(), WANTS_BODY));
        }
        let body = input.parse()?;
        Ok(Self {
            attrs,
            vis,
            sig,
            body,
        })
    }
}

impl Parse for Body {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let content;
        Ok(Self {
            brace: braced!(content in input),
            inner_attrs: content.call(Attribute::parse_inner)?,
            tokens: content.parse()?,
        })
    }
}

fn not_async(sig: &Signature) -> Error {
    let output = sig.output.to_token_stream().to_string();
    let message = if output.contains("Future") {
        WANTS_NATIVE_ASYNC_FN
    } else {
        WANTS_ASYNC_FN
    };
    Error::new(sig.fn_token.span(), message)
}

fn function_next(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let modifier = |ahead: ParseStream<'_>| -> Result<()> {
        if ahead.peek(Token![const]) {
            ahead.parse::<Token![const]>().map(drop)
        } else if ahead.peek(Token![async]) {
            ahead.parse::<Token![async]>().map(drop)
        } else if ahead.peek(Token![unsafe]) {
            ahead.parse::<Token![unsafe]>().map(drop)
        } else if ahead.peek(Token![extern]) {
            ahead.parse::<Token![extern]>().map(drop)
        } else {
            ahead.parse::<LitStr>().map(drop)
        }
    };
    while modifier(&ahead).is_ok() {}
    ahead.peek(Token![fn])
}

fn bound_names(pat: &Pat, names: &mut Vec<Ident>) {
    match pat {
        Pat::Ident(pat) => names.push(pat.ident.clone()),
        Pat::Paren(pat) => bound_names(&pat.pat, names),
        Pat::Reference(pat) => bound_names(&pat.pat, names),
        Pat::Slice(pat) => pat.elems.iter().for_each(|pat| bound_names(pat, names)),
        Pat::Struct(pat) => {
            for field in &pat.fields {
                bound_names(&field.pat, names);
            }
        }
        Pat::Tuple(pat) => pat.elems.iter().for_each(|pat| bound_names(pat, names)),
        Pat::TupleStruct(pat) => pat.elems.iter().for_each(|pat| bound_names(pat, names)),
        // The others are refutable, or bind nothing.
        _ => {}
    }
}

const WANTS_ASYNC_FN: &str = "#[job_events] goes on an async fn";
// What `#[async_trait]` makes of an async fn before this attribute sees it, too.
const WANTS_NATIVE_ASYNC_FN: &str =
    "#[job_events] goes on a native async fn, not on one that returns a future";
const WANTS_BODY: &str = "#[job_events] goes on an async fn with a body, not on its declaration";

#[cfg(test)]
mod tests {
    use super::JobFn;
    use proc_macro2::{Ident, TokenStream};
    use quote::quote;

    fn error(item: TokenStream) -> String {
        syn::parse2::<JobFn>(item)
            .err()
            .expect("a mistake")
            .to_string()
    }

    #[test]
    fn body_is_not_parsed() {
        let job_fn: JobFn = syn::parse2(quote! {
            #[doc = "x"]
            pub(crate) async unsafe extern "C" fn f() { #![allow(unused)] let half = a. ; what? }
        })
        .expect("valid");
        assert_eq!(job_fn.body.inner_attrs.len(), 1);
        let tokens = quote!(let half = a. ; what?);
        assert_eq!(job_fn.body.tokens.to_string(), tokens.to_string());
    }

    #[test]
    fn arguments_are_found_in_patterns() {
        let job_fn: JobFn = syn::parse2(quote! {
            async fn f(&self, mut a: A, Path((b, _)): P, S { c, d: &e, .. }: S, [g, (h)]: [u8; 2]) {}
        })
        .expect("valid");
        let names: Vec<_> = job_fn
            .argument_names()
            .iter()
            .map(Ident::to_string)
            .collect();
        assert_eq!(names, ["self", "a", "b", "c", "e", "g", "h"]);
    }

    #[test]
    fn returning_a_future_is_not_enough() {
        let native = "#[job_events] goes on a native async fn, not on one that returns a future";
        for item in [
            quote!(
                fn f() -> impl Future<Output = u8> {}
            ),
            quote!(
                fn f<'a>(&'a self) -> Pin<Box<dyn Future<Output = u8> + Send + 'a>> {}
            ),
        ] {
            assert_eq!(error(item), native);
        }
    }

    #[test]
    fn only_async_fns_with_a_body() {
        let wants_async_fn = "#[job_events] goes on an async fn";
        for item in [
            quote!(
                fn f() {}
            ),
            quote!(
                pub unsafe fn f() -> u8 {
                    3
                }
            ),
            quote!(
                struct S;
            ),
            quote!(
                const X: u8 = 3;
            ),
            quote!(impl S {}),
        ] {
            assert_eq!(error(item), wants_async_fn);
        }
        assert_eq!(
            error(quote!(
                async fn f();
            )),
            "#[job_events] goes on an async fn with a body, not on its declaration"
        );
    }
}
