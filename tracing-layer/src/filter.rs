//! The layer's own filter: a callsite that concerns it not is asked about once, and costs nothing then.

use stream_events::__private::Whose;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::registry::LookupSpan;

use crate::context::Tree;
use crate::options::{Options, Wanted};
use crate::probe::is_probe;

/// Lets through what is the layer's own, and what the options ask for.
#[derive(Debug)]
pub(crate) struct Ours {
    pub(crate) options: Options,
    pub(crate) tree: Tree,
}

impl<S> Filter<S> for Ours
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    /// Asked each time, where another layer's filter says neither always nor never of the callsite.
    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        if is_probe(metadata) {
            return true;
        }
        match self.options.wanted(metadata) {
            Wanted::All => true,
            Wanted::InAJob => matches!(self.tree.whose_here(context), Whose::Job(_)),
            Wanted::None => false,
        }
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        match self.options.wanted(metadata) {
            Wanted::All => Interest::always(),
            Wanted::InAJob => Interest::sometimes(),
            Wanted::None => Interest::never(),
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.options.level())
    }
}
