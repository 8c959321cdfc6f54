//! `progress!` and `progress_span!`: our own dialect in, one of tracing's public macros out.

use crate::invocation::Invocation;
use crate::list;
use crate::message::Message;
use crate::names::STANDING;
use crate::standing::typed;
use proc_macro2::TokenStream;
use quote::quote;
use syn::Result;

/// An event, of type `()`.
pub(crate) fn event(invocation: &Invocation) -> TokenStream {
    expand_event(invocation).unwrap_or_else(|error| {
        let error = error.into_compile_error();
        quote!({ #error })
    })
}

/// A span; beside errors one that does nothing, so that what is called on it is no error too.
pub(crate) fn span(invocation: &Invocation) -> TokenStream {
    expand_span(invocation).unwrap_or_else(|error| {
        let error = error.into_compile_error();
        let krate = &invocation.krate;
        quote!({ #error #krate::__private::tracing::Span::none() })
    })
}

fn expand_event(invocation: &Invocation) -> Result<TokenStream> {
    let krate = &invocation.krate;
    let message = parse(invocation, "progress!")?;
    let format = message.format_args();
    let fields = message.fields.iter().map(|field| typed(field, krate));
    let tracing = quote!(#krate::__private::tracing);
    let metadata = quote!(target: #krate::__private::PROGRESS_TARGET, #tracing::Level::INFO);
    let event = quote!(#tracing::event!(#metadata, { #(#fields),* }, #format));
    let is_heard = quote!(#tracing::event_enabled!(#metadata));
    Ok(message.with_bound_values(event, &is_heard, &quote!()))
}

fn expand_span(invocation: &Invocation) -> Result<TokenStream> {
    let krate = &invocation.krate;
    let message = parse(invocation, "progress_span!")?;
    let format = message.format_args();
    let fields = message.fields.iter().map(|field| typed(field, krate));
    let tracing = quote!(#krate::__private::tracing);
    let metadata = quote!(target: #krate::__private::PROGRESS_TARGET, #tracing::Level::INFO);
    // A span's fields are fixed when it is made: these are there to be recorded later.
    let later = STANDING
        .iter()
        .filter(|key| message.fields.iter().all(|field| field.name() != **key));
    let span = quote! {
        #tracing::span!(
            #metadata,
            "progress",
            "message" = #krate::__private::format_args!(#format),
            #(#fields,)*
            #(#later = #tracing::field::Empty,)*
        )
    };
    let is_heard = quote!(#tracing::span_enabled!(#metadata));
    Ok(message.with_bound_values(span, &is_heard, &quote!(#tracing::Span::none())))
}

fn parse(invocation: &Invocation, name: &str) -> Result<Message> {
    list::whole(invocation.written.clone(), |input, errors| {
        Message::parse(input, name, errors)
    })
}

#[cfg(test)]
mod tests;
