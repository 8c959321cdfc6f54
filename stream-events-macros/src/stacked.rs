//! Another attribute of the function that has to see its body before it is one call of ours.
//!
//! `#[instrument]` follows a boxed future, as `#[async_trait]` makes one, only where it finds
//! `Box::pin(async move ..)` at the end of the body. So where it stands below, it goes first.

use crate::job_fn::JobFn;
use crate::shape::Shape;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Path};

/// The function with `#[job_events(args)]` behind that attribute, if it has one.
pub(crate) fn let_through(args: &TokenStream, krate: &Path, job_fn: &JobFn) -> Option<TokenStream> {
    let JobFn {
        attrs,
        vis,
        sig,
        shape,
        body,
    } = job_fn;
    if matches!(shape, Shape::Async(_)) {
        return None;
    }
    let (before, behind) = attrs.split_at(attrs.iter().rposition(is_instrument)? + 1);
    let body = body.block(&TokenStream::new());
    Some(quote!(#(#before)* #[#krate::job_events(#args)] #(#behind)* #vis #sig #body))
}

fn is_instrument(attr: &Attribute) -> bool {
    let name = attr.path().segments.last();
    name.is_some_and(|name| name.ident == "instrument")
}

#[cfg(test)]
mod tests {
    use crate::expand::expand;
    use quote::quote;

    #[test]
    fn instrument_sees_a_body_that_is_not_async_first() {
        let args = quote!(task_type = "a", crate = events);
        let item = quote! {
            #[doc = "x"]
            #[tracing::instrument(err)]
            #[must_use]
            fn f(job_id: u8) -> T { not parsed }
        };
        let expected = quote! {
            #[doc = "x"]
            #[tracing::instrument(err)]
            #[events::job_events(task_type = "a", crate = events)]
            #[must_use]
            fn f(job_id: u8) -> T { not parsed }
        };
        let expanded = expand(args, item).expect("valid");
        assert_eq!(expanded.to_string(), expected.to_string());
    }

    #[test]
    fn an_async_fn_stays_one_for_those_behind() {
        let item = quote! {
            #[instrument]
            async fn f(job_id: u8) {}
        };
        let expanded = expand(quote!(task_type = "a"), item).expect("valid");
        assert!(!expanded.to_string().contains("job_events"), "{expanded}");
    }
}
