//! What kind of function a job is, as far as its signature says; the rest is told by types.

use crate::returned::{Returned, output};
use syn::spanned::Spanned;
use syn::{Error, Path, Result, ReturnType, Signature, Type, TypeGroup, TypeParamBound, TypeParen};

/// What the job is, with what it returns.
pub(crate) enum Shape {
    /// The future of an `async fn`.
    Async(Returned),
    /// The future that the function makes: it returns `impl Future`.
    Future(Returned),
    /// The call itself, or a future of a type that has a name.
    Call(Returned),
    /// A call that does not return.
    Never,
}

impl Shape {
    pub(crate) fn of(sig: &Signature) -> Result<Self> {
        if let Some(constness) = &sig.constness {
            return Err(Error::new(constness.span(), NOT_CONST));
        }
        let bounds = impl_bounds(&sig.output);
        let named = |name| bounds.iter().find(|bound| is_named(bound, name));
        if let Some(stream) = named("Stream") {
            return Err(Error::new(stream.span(), NOT_A_STREAM));
        }
        let returned = Returned::of(&sig.output);
        Ok(match named("Future") {
            _ if sig.asyncness.is_some() => Self::Async(returned),
            Some(future) => Self::Future(output(future).map_or_else(Returned::any, Returned::from)),
            None if is_never(&sig.output) => Self::Never,
            None => Self::Call(returned),
        })
    }
}

/// The traits of which a return type says no more than that it has them.
fn impl_bounds(output: &ReturnType) -> Vec<&Path> {
    let mut declared = match output {
        ReturnType::Default => return Vec::new(),
        ReturnType::Type(_, declared) => &**declared,
    };
    while let Type::Paren(TypeParen { elem, .. }) | Type::Group(TypeGroup { elem, .. }) = declared {
        declared = elem;
    }
    let Type::ImplTrait(written) = declared else {
        return Vec::new();
    };
    let traits = written.bounds.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => Some(&bound.path),
        _ => None,
    });
    traits.collect()
}

fn is_never(output: &ReturnType) -> bool {
    matches!(output, ReturnType::Type(_, declared) if matches!(**declared, Type::Never(_)))
}

fn is_named(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|last| last.ident == name)
}

const NOT_CONST: &str =
    "#[job_events] cannot go on a const fn: the compiler may run it, and there are no jobs there";
const NOT_A_STREAM: &str = "a stream is no result: the run would end before its first item; put #[job_events] on the function that takes the items, or that sends them";

#[cfg(test)]
mod tests {
    use super::Shape;
    use proc_macro2::TokenStream;
    use quote::{ToTokens, quote};
    use syn::Signature;

    fn shape(sig: TokenStream) -> Result<String, String> {
        let sig: Signature = syn::parse2(sig).expect("a signature");
        let (kind, returned) = match Shape::of(&sig).map_err(|error| error.to_string())? {
            Shape::Async(returned) => ("async", returned.into_token_stream()),
            Shape::Future(returned) => ("future", returned.into_token_stream()),
            Shape::Call(returned) => ("call", returned.into_token_stream()),
            Shape::Never => ("call", quote!(!)),
        };
        Ok(format!("{kind} {}", returned.to_string().replace(' ', "")))
    }

    #[test]
    fn shapes_are_told_by_the_signature() {
        for (sig, expected) in [
            (
                quote!(async fn f() -> io::Result<u8>),
                "async io::Result<u8>",
            ),
            (quote!(async fn f() -> impl Future<Output = u8>), "async _"),
            (quote!(async fn f() -> !), "async _"),
            (quote!(fn f()), "call ()"),
            (quote!(fn f() -> !), "call !"),
            (quote!(fn f() -> impl Iterator<Item = u8>), "call _"),
            (quote!(unsafe extern "C" fn f() -> u8), "call u8"),
            (
                quote!(fn f() -> impl Future<Output = Result<u8, E>> + Send + 'a),
                "future Result<u8,E>",
            ),
            (
                quote!(fn f() -> impl Send + core::future::Future<Output = impl Any>),
                "future _",
            ),
            (quote!(fn f() -> (impl Future)), "future _"),
            // By type: it may as well have another name.
            (
                quote!(fn f() -> Pin<Box<dyn Future<Output = u8>>>),
                "call Pin<Box<dynFuture<Output=u8>>>",
            ),
        ] {
            assert_eq!(shape(sig).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_cannot_be_a_job_is_told_why() {
        let refused = |sig| shape(sig).expect_err("refused");
        assert!(refused(quote!(const fn f() -> u8)).contains("cannot go on a const fn"));
        for sig in [
            quote!(fn f() -> impl Stream<Item = u8> + Send),
            quote!(async fn f() -> impl futures::Stream<Item = u8>),
        ] {
            assert!(refused(sig).starts_with("a stream is no result"));
        }
    }
}
