//! Whose an event or a span is: the job's that the caller works for, or else that of the spans around.

use std::sync::{Arc, OnceLock};

use stream_events::__private::{Spans, Trace, WeakJob, current_job, hear};
use stream_events::Job;
use tracing::dispatcher::{self, WeakDispatch};
use tracing::span::Id;
use tracing::{Dispatch, Event, Span, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, Scope, SpanRef};

use crate::layer::ProgressLayer;
use crate::otel;

/// What the span of a run holds.
struct JobSpan(WeakJob);

/// The subscriber that a layer belongs to. In a callback nothing else leads to spans that our filter
/// hides, and one of the user's own may be between an event and its job. A clone is of the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree(Arc<OnceLock<WeakDispatch>>);

/// A layer is put around a subscriber: shows the rest of the crates the way from spans to jobs.
pub(crate) fn lead() {
    hear(Spans {
        job: of_current_span,
        attach,
        trace,
        look,
    });
}

impl Tree {
    pub(crate) fn found(&self, dispatch: &Dispatch) {
        self.0.get_or_init(|| dispatch.downgrade());
    }

    /// The job of an event.
    pub(crate) fn job_of_event<S>(&self, event: &Event<'_>, context: &Context<'_, S>) -> Option<Job>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        current_job().or_else(|| {
            let dispatch = self.0.get().and_then(WeakDispatch::upgrade);
            let Some(registry) = dispatch.as_ref().and_then(registry) else {
                return nearest(context.event_scope(event)?);
            };
            let current = context.current_span();
            let around = match event.parent() {
                None if event.is_contextual() => current.id(),
                parent => parent,
            };
            let span = registry.span(around?)?;
            nearest(span.scope())
        })
    }

    /// The job of what happens here.
    pub(crate) fn job_here<S>(&self, context: &Context<'_, S>) -> Option<Job>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        current_job().or_else(|| {
            let dispatch = self.0.get().and_then(WeakDispatch::upgrade);
            let Some(registry) = dispatch.as_ref().and_then(registry) else {
                return nearest(context.lookup_current()?.scope());
            };
            let current = context.current_span();
            let span = registry.span(current.id()?)?;
            nearest(span.scope())
        })
    }

    /// What a trace calls the span.
    pub(crate) fn trace(&self, span: &Id) -> Option<Trace> {
        let dispatch = self.0.get()?.upgrade()?;
        otel::trace(span, &dispatch)
    }
}

/// Where the spans are, unless they are in a store of the user's own.
fn registry(dispatch: &Dispatch) -> Option<&Registry> {
    dispatch.downcast_ref()
}

/// The job of a span.
pub(crate) fn job_of_span<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>) -> Option<Job> {
    current_job().or_else(|| nearest(span.scope()))
}

/// This span is the job's from now on.
pub(crate) fn mark<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>, job: WeakJob) {
    span.extensions_mut().replace(JobSpan(job));
}

/// The job of the innermost span that is one's. Where that job is over, the one around it is not meant.
fn nearest<'a, R: LookupSpan<'a>>(mut spans: Scope<'a, R>) -> Option<Job> {
    let job = spans.find_map(|span| {
        let extensions = span.extensions();
        extensions.get().map(|JobSpan(job)| job.clone())
    });
    job?.upgrade()
}

/// Outside of callbacks. The spans of all are looked at, be they hidden from our layer.
fn of_current_span() -> Option<Job> {
    let job = Span::current().with_subscriber(|(id, dispatch)| {
        let span = dispatch.downcast_ref::<Registry>()?.span(id)?;
        nearest(span.scope())
    });
    job.flatten()
}

fn attach(span: &Span, job: WeakJob) {
    span.with_subscriber(|(id, dispatch)| {
        // Not every wrapper of a layer, such as an `Option`, tells it where it is.
        if let Some(layer) = dispatch.downcast_ref::<ProgressLayer>() {
            layer.tree.found(dispatch);
        }
        let span = dispatch.downcast_ref::<Registry>()?.span(id)?;
        span.extensions_mut().replace(JobSpan(job));
        Some(())
    });
}

/// A publisher is installed.
fn look() {
    dispatcher::get_default(|dispatch| {
        if let Some(layer) = dispatch.downcast_ref::<ProgressLayer>() {
            layer.probe.look(dispatch);
        }
    });
}

fn trace(span: &Span) -> Option<Trace> {
    let trace = span.with_subscriber(|(id, dispatch)| otel::trace(id, dispatch));
    trace.flatten()
}
