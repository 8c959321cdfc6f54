//! The annotated function: its signature is parsed, its body stays as the user wrote it, token by token.

use crate::shape::Shape;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::token::Brace;
use syn::{
    AttrStyle, Attribute, Error, FnArg, LitStr, Pat, PatType, Receiver, Result, Signature, Token,
    Visibility, braced,
};

pub(crate) struct JobFn {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) shape: Shape,
    pub(crate) body: Body,
}

pub(crate) struct Body {
    pub(crate) brace: Brace,
    pub(crate) tokens: TokenStream,
}

impl JobFn {
    /// Every name that the arguments bind.
    pub(crate) fn argument_names(&self) -> Vec<Ident> {
        let arguments = self.sig.inputs.iter().map(bound_names);
        arguments.flatten().collect()
    }

    /// What says when each argument of this name is there: `cfg` goes with an argument, and all but one
    /// of a name are gone in the end.
    pub(crate) fn conditions(&self, name: &Ident) -> Vec<Vec<&Attribute>> {
        let named = self
            .sig
            .inputs
            .iter()
            .filter(|argument| bound_names(argument).contains(name));
        named.map(conditions).collect()
    }
}

impl Body {
    /// The user's own block, with this in front of what it does.
    pub(crate) fn block(&self, first: &TokenStream) -> TokenStream {
        let Self { brace, tokens } = self;
        let mut block = TokenStream::new();
        brace.surround(&mut block, |block| block.extend(quote!(#first #tokens)));
        block
    }
}

impl Parse for JobFn {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        if !function_next(input) {
            return Err(not_a_fn(input));
        }
        let sig: Signature = input.parse()?;
        if !input.peek(Brace) {
            return Err(Error::new(sig.fn_token.span(), WANTS_BODY));
        }
        let shape = Shape::of(&sig)?;
        let content;
        let brace = braced!(content in input);
        attrs.extend(content.call(inner_attributes)?);
        let body = Body {
            brace,
            tokens: content.parse()?,
        };
        Ok(Self {
            attrs,
            vis,
            sig,
            shape,
            body,
        })
    }
}

/// `#![..]` at the head of a body is about the function, and can stand nowhere else within it.
fn inner_attributes(input: ParseStream<'_>) -> Result<Vec<Attribute>> {
    let mut attrs = input.call(Attribute::parse_inner)?;
    for attr in &mut attrs {
        attr.style = AttrStyle::Outer;
    }
    Ok(attrs)
}

fn not_a_fn(input: ParseStream<'_>) -> Error {
    let found = input.fork().parse::<TokenTree>().ok();
    let found = found.map_or_else(String::new, |found| format!(", and this is `{found}`"));
    input.error(format!("#[job_events] goes on a fn or a method{found}"))
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

fn bound_names(argument: &FnArg) -> Vec<Ident> {
    let mut names = Vec::new();
    match argument {
        FnArg::Receiver(receiver) => names.push(receiver.self_token.into()),
        FnArg::Typed(typed) => names_in(&typed.pat, &mut names),
    }
    names
}

fn names_in(pat: &Pat, names: &mut Vec<Ident>) {
    match pat {
        Pat::Ident(pat) => names.push(pat.ident.clone()),
        Pat::Paren(pat) => names_in(&pat.pat, names),
        Pat::Reference(pat) => names_in(&pat.pat, names),
        Pat::Slice(pat) => pat.elems.iter().for_each(|pat| names_in(pat, names)),
        Pat::Struct(pat) => {
            for field in &pat.fields {
                names_in(&field.pat, names);
            }
        }
        Pat::Tuple(pat) => pat.elems.iter().for_each(|pat| names_in(pat, names)),
        Pat::TupleStruct(pat) => pat.elems.iter().for_each(|pat| names_in(pat, names)),
        // The others are refutable, or bind nothing.
        _ => {}
    }
}

fn conditions(argument: &FnArg) -> Vec<&Attribute> {
    let (FnArg::Receiver(Receiver { attrs, .. }) | FnArg::Typed(PatType { attrs, .. })) = argument;
    attrs.iter().filter(|attr| is_condition(attr)).collect()
}

/// `#[cfg(..)]`, or `#[cfg_attr(.., cfg(..))]`.
fn is_condition(attr: &Attribute) -> bool {
    let path = attr.path();
    let within = |attr: &Attribute| attr.meta.to_token_stream().into_iter().any(mentions_cfg);
    path.is_ident("cfg") || (path.is_ident("cfg_attr") && within(attr))
}

fn mentions_cfg(token: TokenTree) -> bool {
    match token {
        TokenTree::Ident(name) => name == "cfg",
        TokenTree::Group(group) => group.stream().into_iter().any(mentions_cfg),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    }
}

const WANTS_BODY: &str = "#[job_events] goes on a fn with a body, not on its declaration";

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
        let attrs = &job_fn.attrs;
        assert_eq!(
            quote!(#(#attrs)*).to_string(),
            quote!(#[doc = "x"] #[allow(unused)]).to_string()
        );
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
    fn only_fns_with_a_body() {
        for (item, found) in [
            (
                quote!(
                    struct S;
                ),
                "struct",
            ),
            (
                quote!(
                    pub const X: u8 = 3;
                ),
                "const",
            ),
            (quote!(impl S {}), "impl"),
        ] {
            let expected = format!("#[job_events] goes on a fn or a method, and this is `{found}`");
            assert_eq!(error(item), expected);
        }
        assert_eq!(
            error(quote!(
                async fn f();
            )),
            "#[job_events] goes on a fn with a body, not on its declaration"
        );
    }
}
