//! The callbacks: find the job, hand over, return. No tracing call in here, and no lock of ours while
//! code of the user's runs, be it a `Debug` or a scrub hook.

use std::sync::Arc;
use std::time::Duration;

use stream_events::__private::{PROGRESS_TARGET, Whose, outside};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::alone::alone;
use crate::around::Around;
use crate::context::{Tree, lead};
use crate::fields::{Said, hand_over};
use crate::options::Options;
use crate::phase::Phase;
use crate::probe::Probe;

/// Looks at nothing but our own targets; the filter lets through what the options ask for, too.
#[derive(Debug)]
pub(crate) struct ProgressLayer {
    /// Between two events of one span where only numbers change.
    pub(crate) throttle: Duration,
    pub(crate) tree: Tree,
    pub(crate) probe: Arc<Probe>,
}

impl ProgressLayer {
    pub(crate) fn new(options: &Options, tree: &Tree) -> Self {
        Self {
            throttle: options.throttle,
            tree: tree.clone(),
            probe: Probe::new(options),
        }
    }

    fn phase<S>(&self, id: &Id, context: &Context<'_, S>) -> Option<Arc<Phase>>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let span = context.span(id)?;
        let may_be_one = span.metadata().target() == PROGRESS_TARGET;
        may_be_one.then(|| self.tree.store().mark(&span)?.phase().cloned())?
    }

    fn begin<'a, R: LookupSpan<'a>>(&self, span: &SpanRef<'a, R>, attributes: &Attributes<'_>) {
        let job = match self.tree.whose_span(span) {
            Whose::Job(job) => job,
            Whose::Nobody => return,
            Whose::Outside => return outside(),
        };
        let mut said = Said::default();
        attributes.record(&mut said.reading());
        let store = self.tree.store();
        let around = Around::of(span, store, &job);
        let phase = Phase::begin(&job, around.as_ref(), said, self.throttle);
        store.set(span, |mark| {
            let _ = mark.shown.set(Around::Phase(phase));
        });
    }
}

impl<S> Layer<S> for ProgressLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_layer(&mut self, _: &mut S) {
        lead();
    }

    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        self.tree.found(dispatch);
        self.probe.look(dispatch);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != PROGRESS_TARGET {
            return;
        }
        alone(|| match self.tree.whose_event(event, &context) {
            Whose::Job(job) => hand_over(event, &job),
            Whose::Nobody => {}
            Whose::Outside => outside(),
        });
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().target() != PROGRESS_TARGET {
            return;
        }
        // A filter around ours may hide the span from us.
        if let Some(span) = context.span(id) {
            alone(|| self.begin(&span, attributes));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(phase) = self.phase(id, &context) {
            alone(|| {
                let mut said = Said::default();
                values.record(&mut said.reading());
                phase.update(said);
            });
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(phase) = self.phase(&id, &context) {
            phase.end();
        }
    }
}
