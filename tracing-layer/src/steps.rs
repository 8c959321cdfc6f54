//! Spans that are there anyway, as steps of jobs.

mod held;
mod step;

use std::sync::Arc;
use std::time::Duration;

use stream_events::__private::Whose;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use held::Held;
pub(crate) use step::Step;

use crate::alone::alone;
use crate::around::Around;
use crate::context::Tree;
use crate::options::is_own;

/// Shows the spans of these targets.
#[derive(Debug)]
pub(crate) struct StepLayer {
    targets: Vec<String>,
    held: Arc<Held>,
    tree: Tree,
}

impl StepLayer {
    /// A step that lives for less than `throttle` may go unsaid.
    pub(crate) fn new(targets: &[String], throttle: Duration, tree: &Tree) -> Self {
        Self {
            targets: targets.to_vec(),
            held: Arc::new(Held::new(throttle)),
            tree: tree.clone(),
        }
    }
}

/// Whether it is a span whose target begins with one of these, and none of ours. Spans below INFO are
/// not meant to be seen.
pub(crate) fn is_step(metadata: &Metadata<'_>, targets: &[String]) -> bool {
    let is_of = |target: &String| metadata.target().starts_with(target);
    metadata.is_span()
        && *metadata.level() <= LevelFilter::INFO
        && targets.iter().any(is_of)
        && !is_own(metadata)
}

impl<S> Layer<S> for StepLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    /// Not a field is looked at: `#[instrument]` records all arguments.
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let metadata = attributes.metadata();
        if !is_step(metadata, &self.targets) {
            return;
        }
        let Some(span) = context.span(id) else { return };
        let Whose::Job(job) = self.tree.whose_span(&span) else {
            return;
        };
        let store = self.tree.store();
        // A job is more than a step.
        if store
            .mark(&span)
            .is_some_and(|mark| mark.candidate.get().is_some())
        {
            return;
        }
        // What a text opens while it is made, or a scrub hook, is no step of the job.
        alone(|| {
            let step = Arc::new(Step::new(
                &job,
                Around::of(&span, store, &job),
                metadata.name(),
            ));
            self.held.begin(&step, job.run_id(), metadata.callsite());
            store.set(&span, |mark| {
                let _ = mark.shown.set(Around::Step(step));
            });
        });
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let mark = context
            .span(&id)
            .and_then(|span| self.tree.store().mark(&span));
        if let Some(mark) = mark
            && let Some(step) = mark.step()
        {
            step.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stream_events::__private::{JOB_TARGET, PROGRESS_TARGET};
    use tracing::info_span;

    #[test]
    fn spans_of_runs_and_phases_are_no_steps_whatever_targets_are_asked_for() {
        tracing::subscriber::with_default(tracing_subscriber::registry(), || {
            let all = [String::new()];
            let is_step = |span: tracing::Span| is_step(span.metadata().unwrap(), &all);
            assert!(is_step(info_span!("a step")));
            assert!(!is_step(info_span!(target: JOB_TARGET, "job")));
            assert!(!is_step(info_span!(target: PROGRESS_TARGET, "a phase")));
        });
    }
}
