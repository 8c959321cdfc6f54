//! Log lines of jobs, as domain events beside what the jobs say themselves.

use std::mem::take;

use stream_events::__private::Whose;
use stream_events::{Fields, Job};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::alone::alone;
use crate::context::Tree;
use crate::values::{Each, Value};

/// The type of the events.
const LOG: &str = "log";
/// What a record of the `log` crate has for a target; its own is a field then.
const LOG_CRATE: &str = "log";
/// Where a record of the `log` crate comes from: the line's target says as much.
const PLACE: [&str; 4] = ["log.target", "log.module_path", "log.file", "log.line"];
/// Whose log lines are of no job.
const OURS: [&str; 3] = [
    "stream_events",
    "stream_events_tracing",
    "stream_events_macros",
];

/// Hands the log lines of jobs over.
#[derive(Debug)]
pub(crate) struct LogLayer {
    level: LevelFilter,
    tree: Tree,
}

/// Whether it is a log line up to this level; what we say ourselves is none.
pub(crate) fn is_log(metadata: &Metadata<'_>, level: LevelFilter) -> bool {
    metadata.is_event() && *metadata.level() <= level && !is_ours(metadata.target())
}

fn is_ours(target: &str) -> bool {
    let of_crate = target.split("::").next();
    of_crate.is_some_and(|name| OURS.contains(&name))
}

impl LogLayer {
    pub(crate) fn new(level: LevelFilter, tree: &Tree) -> Self {
        Self {
            level,
            tree: tree.clone(),
        }
    }
}

impl<S> Layer<S> for LogLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if !is_log(event.metadata(), self.level) {
            return;
        }
        alone(|| {
            if let Whose::Job(job) = self.tree.whose_event(event, &context) {
                emit(&job, event);
            }
        });
    }
}

fn emit(job: &Job, event: &Event<'_>) {
    let (mut message, mut target) = (Fields::new(), None);
    event.record(&mut Each(|name, value: Value<'_>| match (name, value) {
        ("message", text) => message = take(&mut message).display(name, &text),
        ("log.target", Value::Text(text)) => target = Some(text.to_owned()),
        _ => {}
    }));
    let metadata = event.metadata();
    let target = target.as_deref().unwrap_or_else(|| metadata.target());
    if is_ours(target) {
        return;
    }
    let mut line = message
        .field("level", metadata.level().as_str())
        .field("target", target);
    let is_of_log_crate = metadata.target() == LOG_CRATE;
    event.record(&mut Each(|name, value: Value<'_>| {
        if name != "message" && !(is_of_log_crate && PLACE.contains(&name)) {
            line = value.add_to(take(&mut line), name);
        }
    }));
    job.emit(LOG, line);
}
