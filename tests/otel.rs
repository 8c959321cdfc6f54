//! Events tell their trace: the ids under which OpenTelemetry exports the span of the run.
#![allow(clippy::unwrap_used)]

mod installed;

use installed::{events, pause, publisher};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracer, SdkTracerProvider, SpanData};
use serde_json::Value;
use stream_events::{job_events, progress, progress_span, publish};
use stream_events_tracing::{JobSpans, builder};
use tracing::{Dispatch, Instrument, Subscriber, info_span};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, registry};

/// What is exported.
struct Exported {
    provider: SdkTracerProvider,
    spans: InMemorySpanExporter,
}

impl Exported {
    fn new() -> Self {
        let spans = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone());
        Self {
            provider: provider.build(),
            spans,
        }
    }

    fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> OpenTelemetryLayer<S, SdkTracer> {
        tracing_opentelemetry::layer().with_tracer(self.provider.tracer("tests"))
    }

    fn span(&self, name: &str) -> SpanData {
        let spans = self.spans.get_finished_spans().unwrap();
        spans.into_iter().find(|span| span.name == name).unwrap()
    }
}

/// Runs this under our layer with that of OpenTelemetry, in both orders.
fn in_both_orders<F: Future<Output = ()>>(test: impl Fn(String) -> F) -> [Exported; 2] {
    let ours = builder().job_spans(JobSpans::named("task"));
    let (first, last) = (Exported::new(), Exported::new());
    run(
        registry().with(first.layer()).with(ours.clone().layer()),
        test("first".to_owned()),
    );
    run(
        registry().with(ours.layer()).with(last.layer()),
        test("last".to_owned()),
    );
    [first, last]
}

fn run(subscriber: impl Into<Dispatch>, test: impl Future<Output = ()>) {
    publisher();
    tracing::dispatcher::with_default(&subscriber.into(), || block_on(test));
}

#[tokio::main(flavor = "current_thread")]
async fn block_on<T>(future: impl Future<Output = T>) -> T {
    future.await
}

fn ids_of(span: &SpanData) -> [String; 2] {
    let context = &span.span_context;
    [
        context.trace_id().to_string(),
        context.span_id().to_string(),
    ]
}

fn ids_in(event: &Value) -> [String; 2] {
    ["trace_id", "span_id"].map(|key| event[key].as_str().unwrap_or_default().to_owned())
}

#[job_events(task_type = "t")]
async fn works(job_id: &str) {
    let _ = job_id;
    progress!("at work");
    pause().await;
    progress_span!("a phase", total = 1).in_scope(|| publish!("row"));
}

/// Of this job: each event has the ids of this span.
fn all_tell(job_id: &str, count: usize, span: &SpanData) {
    let events = block_on(events(job_id));
    assert_eq!(events.len(), count, "{events:?}");
    for event in &events {
        assert_eq!(ids_in(event), ids_of(span), "{event}");
        assert_eq!(ids_in(event).map(|id| id.len()), [32, 16]);
    }
}

#[test]
fn each_event_of_a_run_tells_the_ids_under_which_its_span_is_exported() {
    let request = || info_span!("request");
    let exported = in_both_orders(|order| async move {
        works(&format!("otel_{order}")).instrument(request()).await;
    });
    for (exported, order) in exported.iter().zip(["first", "last"]) {
        let job = exported.span("job");
        all_tell(&format!("otel_{order}"), 6, &job);
        assert_eq!(ids_of(&job)[0], ids_of(&exported.span("request"))[0]);
        assert_eq!(
            job.parent_span_id,
            exported.span("request").span_context.span_id()
        );
    }
}

#[test]
fn a_run_of_a_frameworks_span_tells_that_ones_ids() {
    let exported = in_both_orders(|order| async move {
        let task = info_span!("task", job_id = format!("otel_task_{order}"));
        async { publish!("row") }.instrument(task).await;
    });
    for (exported, order) in exported.iter().zip(["first", "last"]) {
        all_tell(&format!("otel_task_{order}"), 3, &exported.span("task"));
    }
}

#[test]
fn a_run_whose_span_is_not_exported_tells_the_ids_of_the_span_around_it() {
    let exported = Exported::new();
    let others = exported
        .layer()
        .with_filter(filter_fn(|metadata| metadata.target() == "otel"));
    let work = async { works("otel_around").instrument(info_span!("request")).await };
    run(
        registry().with(others).with(stream_events_tracing::layer()),
        work,
    );
    all_tell("otel_around", 6, &exported.span("request"));
}

#[test]
fn without_opentelemetry_nothing_is_told() {
    run(
        registry().with(stream_events_tracing::layer()),
        works("otel_without"),
    );
    let events = block_on(events("otel_without"));
    assert!(events.iter().all(|event| event.get("trace_id").is_none()));
    assert_eq!(events.len(), 6);
}
