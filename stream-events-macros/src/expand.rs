//! Puts the function back together: untouched outside, and inside one call that observes the body.

use crate::args::{Args, ErrStyle};
use crate::errors::Errors;
use crate::field::generated_at;
use crate::job_fn::{Body, JobFn};
use crate::returned::Returned;
use crate::start;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Path, Result, parse_quote};

/// Beside errors the item is emitted as it was, so that nothing that uses it fails too.
pub(crate) fn job_events(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(args, item.clone()).unwrap_or_else(|error| {
        let error = error.into_compile_error();
        quote!(#error #item)
    })
}

pub(crate) fn expand(args: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut errors = Errors::default();
    let args = Args::parse(args, &mut errors);
    let krate = krate(&args);
    let started = syn::parse2(item).map(|job_fn| {
        let start = start::call(&args, &job_fn, &krate, &mut errors);
        (start, job_fn)
    });
    let (start, job_fn) = errors.check(started)?;
    Ok(assemble(&args, &krate, &start, job_fn))
}

fn assemble(args: &Args, krate: &Path, start: &TokenStream, job_fn: JobFn) -> TokenStream {
    let JobFn {
        attrs,
        vis,
        sig,
        body,
    } = job_fn;
    let returned = Returned::of(&sig.output);
    let judge = judge(args, krate, &returned);
    let job = job_block(&body, &returned);
    // A statement of its own, so that what an argument's expression borrows or locks is free again
    // before the job runs. The user's code cannot see the name.
    let started = Ident::new("started", Span::mixed_site());
    quote! {
        #(#attrs)* #vis #sig {
            let #started = #start;
            #krate::__private::observe(#started, #judge, async move #job).await
        }
    }
}

/// How the outcome is told from what the job returned: by its type, never by the name `Result`.
fn judge(args: &Args, krate: &Path, returned: &Returned) -> TokenStream {
    // At the return type, which is where a missing `Display` or `Serialize` is to be mended.
    let at = generated_at(returned.span());
    let judge = if returned.is_unknown() {
        quote!(#krate::__private::plain())
    } else {
        let style = match args.err {
            ErrStyle::Display => Ident::new("display", at),
            ErrStyle::Debug => Ident::new("debug", at),
        };
        quote!(#krate::__private::Returns::<#returned>::NEW.#style())
    };
    let ret = args.ret.then(|| Ident::new("ret", at)).into_iter();
    quote!(#judge #(.#ret())*)
}

/// The user's own block, with a return that is never taken in front: it tells the compiler the type, so
/// that a wrong `return` or last expression is reported there and coercions work as in a plain fn.
fn job_block(body: &Body, returned: &Returned) -> TokenStream {
    let Body {
        brace,
        inner_attrs,
        tokens,
    } = body;
    let job = Ident::new("__job", Span::mixed_site());
    let mut block = TokenStream::new();
    brace.surround(&mut block, |block| {
        block.extend(quote! {
            #(#inner_attrs)*
            #[allow(unreachable_code, clippy::all, clippy::pedantic, clippy::nursery)]
            if false {
                let #job: #returned = loop {};
                return #job;
            }
            #tokens
        });
    });
    block
}

fn krate(args: &Args) -> Path {
    args.krate
        .clone()
        .unwrap_or_else(|| parse_quote!(::stream_events))
}

#[cfg(test)]
mod tests {
    use super::{expand, job_events};
    use quote::quote;

    #[test]
    fn expands_to_one_call() {
        let args = quote!(task_type = "resize", fields(image, %size.w), ret, err(Debug));
        let item = quote! {
            #[doc = "Resizes."]
            pub async fn resize<'a>(&self, job_id: u64, image: &'a Image, size: Size) -> Result<impl Any, E> {
                #![allow(unused)]
                not parsed
            }
        };
        let expected = quote! {
            #[doc = "Resizes."]
            pub async fn resize<'a>(&self, job_id: u64, image: &'a Image, size: Size) -> Result<impl Any, E> {
                let started = ::stream_events::__private::start("resize", &job_id)
                    .field("image", &image)
                    .display("size.w", &size.w);
                ::stream_events::__private::observe(
                    started,
                    ::stream_events::__private::Returns::<Result<_, E>>::NEW.debug().ret(),
                    async move {
                        #![allow(unused)]
                        #[allow(unreachable_code, clippy::all, clippy::pedantic, clippy::nursery)]
                        if false {
                            let __job: Result<_, E> = loop {};
                            return __job;
                        }
                        not parsed
                    }
                ).await
            }
        };
        let expanded = expand(args, item).expect("valid");
        // `>>` may be printed as `> >`.
        assert_eq!(
            expanded.to_string().replace(' ', ""),
            expected.to_string().replace(' ', "")
        );
    }

    #[test]
    fn other_arguments_expand_to() {
        for (args, item, expected) in [
            (
                quote!(task_type = RESIZE, job_id = new, crate = crate::events),
                quote!(
                    async fn f() {}
                ),
                "crate :: events :: __private :: start_new (RESIZE) ;",
            ),
            (
                quote!(task_type = "a", job_id = input.a + input.b),
                quote!(
                    async fn f(input: I) {}
                ),
                "start (\"a\" , & (input . a + input . b)) ;",
            ),
            (
                quote!(task_type = "a", job_id = new),
                quote!(
                    async fn f() {}
                ),
                "Returns :: < () > :: NEW . display ()",
            ),
            (
                quote!(task_type = "a", job_id = new, ret),
                quote!(
                    async fn f() -> impl Any {}
                ),
                "__private :: plain () . ret ()",
            ),
        ] {
            let expanded = expand(args, item).expect("valid").to_string();
            assert!(expanded.contains(expected), "{expanded}");
        }
    }

    #[test]
    fn item_is_kept_beside_errors() {
        let item = quote!(
            fn sync() {
                body
            }
        );
        let emitted = job_events(quote!(), item.clone()).to_string();
        assert!(
            emitted.starts_with(":: core :: compile_error ! {"),
            "{emitted}"
        );
        assert!(emitted.ends_with(&item.to_string()), "{emitted}");
    }
}
