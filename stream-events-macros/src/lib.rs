//! The macros of `stream-events`. Use them through that crate: what they generate calls hidden functions of it.

mod args;
mod errors;
mod expand;
#[cfg(test)]
mod expansions;
mod field;
mod format;
mod invocation;
mod job_fn;
mod list;
mod message;
mod names;
mod progress;
mod publish;
mod returned;
mod shadowed;
mod shape;
mod stacked;
mod standing;
mod start;

use proc_macro::TokenStream;

/// Makes a function a job; use it through `stream_events::job_events`, which documents it.
#[proc_macro_attribute]
pub fn job_events(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::job_events(args.into(), item.into()).into()
}

/// Says where the job stands; use it through `stream_events::progress!`, which documents it.
#[proc_macro]
pub fn progress(input: TokenStream) -> TokenStream {
    progress::event(&input.into()).into()
}

/// Opens a span for one phase of a job; use it through `stream_events::progress_span!`, which documents it.
#[proc_macro]
pub fn progress_span(input: TokenStream) -> TokenStream {
    progress::span(&input.into()).into()
}

/// Publishes an event of the user's own; use it through `stream_events::publish!`, which documents it.
#[proc_macro]
pub fn publish(input: TokenStream) -> TokenStream {
    publish::publish(&input.into()).into()
}
