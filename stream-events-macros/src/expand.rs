//! Puts the function back together: untouched outside, and inside one call that observes the body.

use crate::args::{Args, ErrStyle, Time};
use crate::errors::Errors;
use crate::field::generated_at;
use crate::job_fn::{Body, JobFn};
use crate::returned::Returned;
use crate::shape::Shape;
use crate::stacked;
use crate::start::{self, started};
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
    let written = args.clone();
    let args = Args::parse(args, &mut errors);
    let krate = krate(&args);
    let started = syn::parse2(item).map(|job_fn| {
        let start = start::statements(&args, &job_fn, &krate, &mut errors);
        (start, job_fn)
    });
    let (start, job_fn) = errors.check(started)?;
    let other_first = stacked::let_through(&written, &krate, &job_fn);
    Ok(other_first.unwrap_or_else(|| assemble(&args, &krate, &start, job_fn)))
}

fn assemble(args: &Args, krate: &Path, start: &TokenStream, job_fn: JobFn) -> TokenStream {
    let JobFn {
        attrs,
        vis,
        sig,
        shape,
        body,
    } = job_fn;
    let job = seen_to_its_end(args, krate, &shape, &body);
    quote! {
        #(#attrs)* #vis #sig {
            #start
            #job
        }
    }
}

/// The call that runs the body. A body that is not `async` is a closure, so that `?` and `return` in it
/// end the job, not the function around.
fn seen_to_its_end(args: &Args, krate: &Path, shape: &Shape, body: &Body) -> TokenStream {
    let started = started();
    let private = quote!(#krate::__private);
    match shape {
        Shape::Async(returned) => {
            let judge = judge(args, krate, returned);
            let block = body.block(&edge(krate, returned));
            let job = Ident::new("job", Span::mixed_site());
            quote! {
                let #job = async move #block;
                #private::observe(#started, #judge, #job).await
            }
        }
        Shape::Future(returned) => {
            let judge = judge(args, krate, returned);
            let body = body.block(&TokenStream::new());
            quote!(#private::follow::<#returned, _, _>(#started, #judge, move || #body))
        }
        Shape::Call(returned) => {
            let judge = judge(args, krate, returned);
            let block = body.block(&TokenStream::new());
            let body = Ident::new("body", Span::mixed_site());
            // At the return type, which is where one that cannot be followed is to be mended.
            let call = Ident::new("call", generated_at(returned.span()));
            let waits = args.times().map(Time::shape_call);
            quote! {
                let #body = #private::body(move || -> #returned #block);
                #(#private::Shape::of(&#body)#waits;)*
                #private::Shape::of(&#body).#call(#started, #judge, #body)
            }
        }
        Shape::Never => {
            let body = body.block(&TokenStream::new());
            quote!(#private::plain().call(#started, move || #body))
        }
    }
}

/// How the outcome is told from what the job returned: by its type, never by the name `Result`. A
/// closure, because the body may be what tells the type.
fn judge(args: &Args, krate: &Path, returned: &Returned) -> TokenStream {
    // At the return type, which is where a missing `Display` or `Serialize` is to be mended.
    let at = generated_at(returned.span());
    let ret = args.ret.call(at);
    let timeout = args.timeout.as_ref().map(Time::judge_call);
    if returned.is_unknown() {
        return quote!(|_| #krate::__private::plain() #ret #timeout);
    }
    let style = match args.err {
        ErrStyle::Display => Ident::new("display", at),
        ErrStyle::Debug => Ident::new("debug", at),
        ErrStyle::Chain => Ident::new("chain", at),
    };
    let returns = Ident::new("returns", Span::mixed_site());
    quote!(|#returns| #returns.#style() #ret #timeout)
}

/// A return that is never taken, in front of a body that says nowhere what it returns: so a wrong
/// `return` or last expression is reported there, and coercions work as in a plain fn.
fn edge(krate: &Path, returned: &Returned) -> TokenStream {
    if returned.is_unknown() {
        return TokenStream::new();
    }
    quote! {
        if false {
            return #krate::__private::never::<#returned>();
        }
    }
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
                quote!(task_type = "a", job_id = new, ret),
                quote!(
                    fn f() -> impl Any {}
                ),
                "call (started , | _ | :: stream_events :: __private :: plain () . ret () , body)",
            ),
            (
                quote!(task_type = "a", job_id = new),
                quote!(
                    fn f() -> ! {}
                ),
                "plain () . call (started , move || { })",
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
                "observe (started , | returns | returns . display () , job) . await",
            ),
            (
                quote!(task_type = "a", job_id = new, ret),
                quote!(
                    async fn f() -> impl Any {}
                ),
                "__private :: plain () . ret ()",
            ),
            (
                quote!(task_type = "a", job_id = new, timeout = "90s"),
                quote!(
                    async fn f() -> R {}
                ),
                "start_new (\"a\") . timeout (:: stream_events :: __private :: Duration :: from_millis (90000u64)) ;",
            ),
            (
                quote!(task_type = "a", job_id = new, ret, timeout = times.most),
                quote!(
                    async fn f() -> R {}
                ),
                "| returns | returns . display () . ret () . timeout () ,",
            ),
            (
                quote!(
                    task_type = "a",
                    job_id = new,
                    ret(max = "2 KiB"),
                    err(chain)
                ),
                quote!(
                    async fn f() -> R {}
                ),
                "| returns | returns . chain () . ret_within (2048usize)",
            ),
        ] {
            let expanded = expand(args, item).expect("valid").to_string();
            assert!(expanded.contains(expected), "{expanded}");
        }
    }

    #[test]
    fn item_is_kept_beside_errors() {
        let item = quote!(
            const fn sync() {
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
