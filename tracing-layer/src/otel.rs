//! What OpenTelemetry calls a span.

use stream_events::__private::Trace;
use tracing::Dispatch;
use tracing::span::Id;

/// The ids under which the span is exported, or where it is not, the nearest around it that is. They are
/// made, where they are not yet: no lock on a span may be held here.
#[cfg(feature = "opentelemetry")]
pub(crate) fn trace(span: &Id, dispatch: &Dispatch) -> Option<Trace> {
    use opentelemetry::trace::TraceContextExt;
    use tracing_opentelemetry::get_otel_context;
    use tracing_subscriber::Registry;
    use tracing_subscriber::registry::LookupSpan;

    let span = dispatch.downcast_ref::<Registry>()?.span(span)?;
    span.scope().find_map(|span| {
        let context = get_otel_context(&span.id(), dispatch)?;
        let span = context.span();
        let context = span.span_context();
        context.is_valid().then(|| Trace {
            trace_id: context.trace_id().to_string(),
            span_id: context.span_id().to_string(),
        })
    })
}

/// Nothing here knows of traces.
#[cfg(not(feature = "opentelemetry"))]
pub(crate) fn trace(_: &Id, _: &Dispatch) -> Option<Trace> {
    None
}
