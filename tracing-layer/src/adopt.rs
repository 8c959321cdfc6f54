//! Runs of frameworks: begun, and ended, as their spans show.

mod candidate;
mod job_spans;
mod kept;
mod late;
mod named;
mod signs;

use std::sync::Arc;
use std::thread;

use stream_events::__private::unadopted;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

pub(crate) use candidate::Candidate;
use candidate::{End, Place};
pub use job_spans::JobSpans;
use kept::Kept;
use late::Late;
use named::Named;
use signs::Failure;

use crate::context::Tree;

/// Adopts the spans of these kinds.
#[derive(Debug)]
pub(crate) struct AdoptLayer {
    kinds: Vec<Arc<JobSpans>>,
    kept: Kept,
    late: Arc<Late>,
    tree: Tree,
}

impl AdoptLayer {
    pub(crate) fn new(kinds: &[JobSpans], tree: &Tree) -> Self {
        Self {
            kinds: kinds.iter().cloned().map(Arc::new).collect(),
            kept: Kept::default(),
            late: Arc::default(),
            tree: tree.clone(),
        }
    }
}

impl<S> Layer<S> for AdoptLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let metadata = attributes.metadata();
        let Some(kind) = self.kinds.iter().find(|kind| kind.has_span(metadata)) else {
            return;
        };
        let fields = kind.fields();
        let mut named = Named::default();
        attributes.record(&mut named.reading(&fields));
        let Some(span) = context.span(id) else { return };
        let candidate = Candidate::new(kind, metadata, named);
        self.tree.store().set(&span, |mark| {
            let _ = mark.candidate.set(Arc::new(candidate));
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(candidate) = self.candidate(id, &context) else {
            return;
        };
        if candidate.is_waiting() {
            let fields = candidate.kind.fields();
            let mut named = Named::default();
            values.record(&mut named.reading(&fields));
            candidate.learn(named);
            self.begin(&candidate, id, &context);
        }
    }

    /// Not when it is made: by now, whatever the order of the layers, all of them know the span.
    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if let Some(candidate) = self.candidate(id, &context) {
            self.begin(&candidate, id, &context);
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if thread::panicking()
            && let Some(candidate) = self.candidate(id, &context)
        {
            candidate.panicked();
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let mut kinds = self.kinds.iter();
        if let Some(kind) = kinds.find(|kind| kind.may_be_told_late_by(metadata)) {
            self.told_late(kind, event);
        }
        if !self.kinds.iter().any(|kind| kind.may_be_told_by(metadata)) {
            return;
        }
        let candidate = context.event_scope(event).and_then(|mut around| {
            let store = self.tree.store();
            around.find_map(|span| store.mark(&span)?.candidate.get().cloned())
        });
        if let Some(candidate) = candidate
            && let Some(end) = end_in(event, &candidate)
        {
            candidate.end(end);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(candidate) = self.candidate(&id, &context) {
            candidate.close(&self.kept, &self.late);
        }
    }
}

impl AdoptLayer {
    fn candidate<S>(&self, id: &Id, context: &Context<'_, S>) -> Option<Arc<Candidate>>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let mark = self.tree.store().mark(&context.span(id)?)?;
        mark.candidate.get().cloned()
    }

    fn begin<S>(&self, candidate: &Candidate, id: &Id, context: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        if candidate.is_waiting()
            && let Some(span) = context.span(id)
            && let Err(error) = candidate.begin(&span, &self.kept, &self.tree)
        {
            // The job runs all the same. The worker says it: in a callback nobody would hear it.
            unadopted(&candidate.kind.name, &error);
        }
    }

    /// An event behind a span says by what its job failed.
    fn told_late(&self, kind: &JobSpans, event: &Event<'_>) {
        let Some(late) = kind.afterwards else { return };
        let mut fields = kind.fields();
        fields.extend(["message", late.error]);
        let mut said = Named::default();
        event.record(&mut said.reading(&fields));
        let Some(message) = said.get("message") else {
            return;
        };
        if ![late.again, late.last].contains(&message) {
            return;
        }
        if let Some(job) = said.job_id(kind) {
            let error = said.get(late.error).unwrap_or_default();
            self.late.told(&job, error, message == late.again);
        }
    }
}

/// What an event in the span says of the end.
fn end_in(event: &Event<'_>, candidate: &Candidate) -> Option<End> {
    let metadata = event.metadata();
    let kind = &candidate.kind;
    if !kind.may_be_told_by(metadata) {
        return None;
    }
    let field = match &kind.failed_by {
        Failure::Message(_, field) => field,
        Failure::Error | Failure::None => "error",
    };
    let fields = ["message", field];
    let mut said = Named::default();
    event.record(&mut said.reading(&fields));
    let error = || End::Failed(said.get(field).unwrap_or_default().to_owned());
    match (&kind.failed_by, said.get("message")) {
        (_, Some(message)) if kind.completed_by.as_deref() == Some(message) => Some(End::Completed),
        (_, Some(message)) if kind.given_up_by == Some(message) => Some(End::GivenUp),
        (Failure::Message(failed, _), Some(message)) if failed == message => Some(error()),
        // Of the same `#[instrument]`, which has one place for all that it writes.
        (Failure::Error, None) => (candidate.place == Place::of(metadata)).then(error),
        _ => None,
    }
}
