//! Whether what was asked for can be seen at all: a filter that holds for all layers may hide it, and
//! then not a callback of ours is called.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use stream_events::__private::{PROGRESS_TARGET, after, hidden_progress, hidden_spans, is_told};
use tracing::callsite::{Callsite, Identifier};
use tracing::field::FieldSet;
use tracing::level_filters::LevelFilter;
use tracing::metadata::Kind;
use tracing::subscriber::Interest;
use tracing::{Dispatch, Level, Metadata};

use crate::options::Options;

/// Asks for spans that were never made.
#[derive(Debug)]
pub(crate) struct Probe {
    /// Beginnings of targets.
    spans: Vec<(String, LevelFilter)>,
    is_told: AtomicBool,
}

impl Probe {
    /// Of spans of any target nothing can be said.
    pub(crate) fn new(options: &Options) -> Arc<Self> {
        let jobs = options.job_spans.iter();
        let jobs = jobs.map(|kind| (kind.target.clone(), kind.level));
        let steps = options.steps.iter();
        let steps = steps.map(|target| (target.clone(), LevelFilter::INFO));
        let spans = jobs.chain(steps).filter(|(target, _)| !target.is_empty());
        Arc::new(Self {
            spans: spans.collect(),
            is_told: AtomicBool::new(false),
        })
    }

    /// Has the log say what is hidden, once: as soon as there are both a subscriber and a publisher that is
    /// installed or has begun a run. On another thread, since a filter that is asked remembers the answer for what comes next on its own.
    pub(crate) fn look(self: &Arc<Self>, dispatch: &Dispatch) {
        let (probe, dispatch) = (Arc::downgrade(self), dispatch.downgrade());
        after(Duration::ZERO, move || {
            if let Some((probe, dispatch)) = probe.upgrade().zip(dispatch.upgrade()) {
                probe.tell(&dispatch);
            }
        });
    }

    fn tell(&self, dispatch: &Dispatch) {
        if !is_told() || self.is_told.swap(true, Relaxed) {
            return;
        }
        if !is_shown(dispatch, PROGRESS_TARGET, Level::INFO) {
            hidden_progress();
        }
        let hidden = self.spans.iter().filter(|(target, level)| {
            let level = level.into_level();
            level.is_some_and(|level| !is_shown(dispatch, target, level))
        });
        let directives: Vec<_> = hidden
            .map(|(target, level)| format!("{target}={level}"))
            .collect();
        if !directives.is_empty() {
            hidden_spans(directives.join(","));
        }
    }
}

fn is_shown(dispatch: &Dispatch, target: &str, level: Level) -> bool {
    let fields = FieldSet::new(&[], Identifier(&SITE));
    let kind = Kind::SPAN;
    dispatch.enabled(&Metadata::new(
        "probe", target, level, None, None, None, fields, kind,
    ))
}

/// Whether somebody just asks: our own filter has nothing against it.
pub(crate) fn is_probe(metadata: &Metadata<'_>) -> bool {
    metadata.callsite() == Identifier(&SITE)
}

/// Where the spans would be opened.
struct Site;

static SITE: Site = Site;

static METADATA: Metadata<'static> = Metadata::new(
    "probe",
    "stream_events",
    Level::INFO,
    None,
    None,
    None,
    FieldSet::new(&[], Identifier(&SITE)),
    Kind::SPAN,
);

impl Callsite for Site {
    fn set_interest(&self, _: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        &METADATA
    }
}
