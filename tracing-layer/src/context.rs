//! Whose an event or a span is: the job's that the caller works for, or else that of the spans around.

use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use stream_events::__private::{Owner, Spans, Trace, Whose, hear, scope_here};
use tracing::dispatcher::{self, WeakDispatch};
use tracing::span::Id;
use tracing::{Dispatch, Event, Span, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, Scope, SpanRef};

use crate::layer::ProgressLayer;
use crate::marks::{self, Mark, Store, mark_in};
use crate::otel;
use crate::single::Single;

/// The subscriber that a layer belongs to. In a callback nothing else leads to spans that our filter
/// hides, and one of the user's own may be between an event and its job. A clone is of the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree(Arc<OnceLock<Found>>);

#[derive(Debug)]
struct Found {
    dispatch: WeakDispatch,
    store: Store,
}

/// How many layers are around a subscriber and do not know yet whose: not every wrapper of a layer, such
/// as an `Option`, tells it, and some show it to nobody.
static LOST: AtomicIsize = AtomicIsize::new(0);

/// A layer is put around a subscriber: shows the rest of the crates the way from spans to jobs.
pub(crate) fn lead() {
    LOST.fetch_add(1, Relaxed);
    marks::begin();
    hear(Spans {
        whose: whose_current_span,
        attach,
        trace,
        look,
        is_here,
    });
}

impl Tree {
    pub(crate) fn found(&self, dispatch: &Dispatch) {
        self.0.get_or_init(|| {
            if layer_of(dispatch).is_some() {
                LOST.fetch_sub(1, Relaxed);
            }
            Found {
                dispatch: dispatch.downgrade(),
                store: Store::of(dispatch.downcast_ref()),
            }
        });
    }

    /// Where its spans are.
    pub(crate) fn store(&self) -> Store {
        self.0
            .get()
            .map_or_else(Store::unknown, |found| found.store)
    }

    /// Whose an event is.
    pub(crate) fn whose_event<S>(&self, event: &Event<'_>, context: &Context<'_, S>) -> Whose
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        scope_or(|| {
            let current = context.current_span();
            let around = match event.parent() {
                None if event.is_contextual() => current.id(),
                parent => parent,
            };
            // Outside of all spans that is all.
            let around = around?;
            let dispatch = self.dispatch();
            match dispatch.as_ref().and_then(registry) {
                Some(registry) => nearest_in(registry, around),
                None => self.nearest(context.event_scope(event)?),
            }
        })
    }

    /// Whose what happens here is.
    pub(crate) fn whose_here<S>(&self, context: &Context<'_, S>) -> Whose
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        scope_or(|| {
            let dispatch = self.dispatch();
            let Some(registry) = dispatch.as_ref().and_then(registry) else {
                return self.nearest(context.lookup_current()?.scope());
            };
            nearest_in(registry, context.current_span().id()?)
        })
    }

    /// Whose a span is.
    pub(crate) fn whose_span<'a, R: LookupSpan<'a>>(&self, span: &SpanRef<'a, R>) -> Whose {
        scope_or(|| self.nearest(span.scope()))
    }

    fn nearest<'a, R: LookupSpan<'a>>(&self, spans: Scope<'a, R>) -> Option<Owner> {
        let store = self.store();
        nearest(spans, |span| store.mark(span))
    }

    fn dispatch(&self) -> Option<Dispatch> {
        self.0.get()?.dispatch.upgrade()
    }

    /// What a trace calls the span.
    pub(crate) fn trace(&self, span: &Id) -> Option<Trace> {
        otel::trace(span, &self.dispatch()?)
    }
}

/// Where the spans are, unless they are in a store of the user's own.
fn registry(dispatch: &Dispatch) -> Option<&Registry> {
    dispatch.downcast_ref()
}

/// The scope in which it happens comes first, and then its spans.
fn scope_or(spans: impl FnOnce() -> Option<Owner>) -> Whose {
    match scope_here() {
        Whose::Outside => spans().map_or(Whose::Outside, |owner| owner.whose()),
        known => known,
    }
}

/// Whose the innermost span is that is someone's. Where that is over, or was never to be, the jobs around
/// it are not meant.
fn nearest<'a, R: LookupSpan<'a>>(
    mut spans: Scope<'a, R>,
    mark: impl Fn(&SpanRef<'a, R>) -> Option<Arc<Mark>>,
) -> Option<Owner> {
    spans.find_map(|span| mark(&span)?.owner.get().cloned())
}

/// Of all spans, be they hidden from our layer.
fn nearest_in(registry: &Registry, span: &Id) -> Option<Owner> {
    let span = registry.span(span)?;
    nearest(span.scope(), |span| mark_in(registry, &span.id()))
}

/// Outside of callbacks.
fn whose_current_span() -> Whose {
    let span = Span::current();
    let owner = span.with_subscriber(|(id, dispatch)| nearest_in(registry(dispatch)?, id));
    let owner = owner.flatten();
    owner.map_or(Whose::Outside, |owner| owner.whose())
}

fn attach(span: &Span, owner: Owner) {
    span.with_subscriber(|(id, dispatch)| {
        find(dispatch);
        let registry = registry(dispatch)?;
        Store::of(Some(registry)).set(&registry.span(id)?, |mark| {
            let _ = mark.owner.set(owner);
        });
        Some(())
    });
}

/// Has a layer know where it is that was not told.
fn find(dispatch: &Dispatch) {
    if let Some(layer) = layer_of(dispatch) {
        layer.tree.found(dispatch);
    }
}

fn layer_of(dispatch: &Dispatch) -> Option<&Single<ProgressLayer>> {
    dispatch.downcast_ref()
}

/// One that is nowhere to be seen may be here.
fn is_here() -> bool {
    LOST.load(Relaxed) > 0 || dispatcher::get_default(|dispatch| layer_of(dispatch).is_some())
}

/// A publisher is installed.
fn look() {
    dispatcher::get_default(|dispatch| {
        find(dispatch);
        if let Some(layer) = layer_of(dispatch) {
            layer.probe.look(dispatch);
        }
    });
}

fn trace(span: &Span) -> Option<Trace> {
    let trace = span.with_subscriber(|(id, dispatch)| otel::trace(id, dispatch));
    trace.flatten()
}
