//! Log lines of jobs, as domain events beside what the jobs say themselves.

use std::error::Error;
use std::fmt;
use std::mem::take;

use stream_events::__private::Whose;
use stream_events::{Fields, Job};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::alone::alone;
use crate::context::Tree;

/// The type of the events.
const LOG: &str = "log";
/// What a record of the `log` crate has for a target; its own is a field then.
const LOG_CRATE: &str = "log";
/// Where a record of the `log` crate comes from: the target says as much.
const PLACE: [&str; 3] = ["log.module_path", "log.file", "log.line"];
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
    let mut head = Head::default();
    event.record(&mut head);
    let metadata = event.metadata();
    let target = head.target.as_deref().unwrap_or_else(|| metadata.target());
    if is_ours(target) {
        return;
    }
    let fields = head
        .message
        .field("level", metadata.level().as_str())
        .field("target", target);
    let mut line = Line {
        fields,
        is_of_log_crate: metadata.target() == LOG_CRATE,
    };
    event.record(&mut line);
    job.emit(LOG, line.fields);
}

/// What comes first.
#[derive(Default)]
struct Head {
    message: Fields,
    target: Option<String>,
}

impl Visit for Head {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message = take(&mut self.message).field("message", value),
            "log.target" => self.target = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = take(&mut self.message).debug("message", value);
        }
    }
}

/// All the rest.
struct Line {
    fields: Fields,
    is_of_log_crate: bool,
}

impl Line {
    fn add(&mut self, field: &Field, add: impl FnOnce(Fields, &str) -> Fields) {
        let name = field.name();
        let is_place = name == "log.target" || PLACE.contains(&name);
        if name != "message" && !(self.is_of_log_crate && is_place) {
            self.fields = add(take(&mut self.fields), name);
        }
    }
}

impl Visit for Line {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, |fields, name| fields.field(name, &value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, |fields, name| fields.field(name, &value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, |fields, name| fields.field(name, &value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.add(field, |fields, name| fields.field(name, &value));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.add(field, |fields, name| fields.field(name, &value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, |fields, name| fields.field(name, &value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, |fields, name| fields.field(name, value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.add(field, |fields, name| fields.display(name, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, |fields, name| fields.debug(name, value));
    }
}
