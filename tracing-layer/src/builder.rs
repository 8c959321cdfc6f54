//! What the layer does beside `progress!`, asked for one by one.

use std::time::Duration;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

use crate::adopt::AdoptLayer;
use crate::adopt::JobSpans;
use crate::context::Tree;
use crate::filter::Ours;
use crate::layer::ProgressLayer;
use crate::logs::LogLayer;
use crate::options::Options;
use crate::single::Single;
use crate::steps::StepLayer;

/// Sets the layer up; made by [`builder`].
///
/// Whatever is asked for, callsites that it does not concern stay as cheap as without the layer: each
/// is asked about once.
///
/// ```
/// use tracing_subscriber::prelude::*;
///
/// let layer = stream_events_tracing::builder().layer();
/// let subscriber = tracing_subscriber::registry().with(layer);
/// # drop(subscriber);
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "nothing happens before `layer` or `init`"]
pub struct Builder {
    options: Options,
}

/// A layer that does what [`layer`](crate::layer) does, and what else is asked for.
pub fn builder() -> Builder {
    Builder::default()
}

impl Builder {
    /// Spans that are there anyway, such as those of `#[instrument]`, show as steps of the job that they are
    /// opened in: those of these targets, which are beginnings, such as a crate's name, and of level INFO
    /// or more severe. A step is `task_progress` with the span's name as message and `step`, once when it
    /// begins and once, with `elapsed_ms`, when it ends. Of the span's fields none is taken:
    /// `#[instrument]` records all arguments.
    ///
    /// A loop may open a span for each of a million rows. So only the first of several spans that one
    /// place opens for a run within the [`throttle`](Self::throttle) is said at once; another is said once
    /// it has lived for as long, and not at all where it is over by then.
    ///
    /// ```
    /// let layer = stream_events_tracing::builder().steps(["my_worker::pipeline", "my_store"]);
    /// # drop(layer.layer::<tracing_subscriber::Registry>());
    /// ```
    pub fn steps<T: Into<String>>(mut self, targets: impl IntoIterator<Item = T>) -> Self {
        self.options
            .steps
            .extend(targets.into_iter().map(Into::into));
        self
    }

    /// Log lines up to this level that are written in a job become domain events of it, of the type
    /// `log`, with `message`, `level`, `target` and fields of their own; those of the `log` crate, too,
    /// where `tracing-log` brings them.
    ///
    /// They are as public as the job's stream: whoever may read the job reads what its libraries log.
    /// Like all domain events they are dropped, and counted, where the queue has no room; a field of a
    /// [reserved](stream_events::RESERVED_KEYS) name gets a trailing `_`: the error of
    /// `error!(error = %why, "…")` arrives as `error_`, since `error` is what a run ended by. Each line is
    /// asked about, whether it is in a job: outside of one it is not even formatted. What this SDK logs
    /// is left out.
    ///
    /// ```
    /// use tracing::Level;
    ///
    /// let layer = stream_events_tracing::builder().logs(Level::WARN);
    /// # drop(layer.layer::<tracing_subscriber::Registry>());
    /// ```
    pub fn logs(mut self, level: impl Into<LevelFilter>) -> Self {
        self.options.logs = level.into();
        self
    }

    /// Spans of frameworks that carry a job's id are runs of it, with no annotation at all. Can be asked
    /// for again and again: the first that a span fits counts.
    ///
    /// ```
    /// use stream_events_tracing::{JobSpans, builder};
    ///
    /// let layer = builder().job_spans(JobSpans::graphile_worker());
    /// # drop(layer.layer::<tracing_subscriber::Registry>());
    /// ```
    pub fn job_spans(mut self, spans: JobSpans) -> Self {
        self.options.job_spans.push(spans);
        self
    }

    /// The time between two events of one `progress_span!` where nothing but its numbers changes;
    /// [`DEFAULT_THROTTLE`](crate::DEFAULT_THROTTLE) without it. What changes in between is left out, but
    /// for the newest. With [`Duration::ZERO`] each change is an event.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let layer = stream_events_tracing::builder().throttle(Duration::from_secs(1));
    /// # drop(layer.layer::<tracing_subscriber::Registry>());
    /// ```
    pub fn throttle(mut self, every: Duration) -> Self {
        self.options.throttle = every;
        self
    }

    /// The layer, with its filter, for a registry of your own.
    pub fn layer<S>(self) -> impl Layer<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let Self { options } = self;
        let tree = Tree::default();
        let logs = (options.logs != LevelFilter::OFF)
            .then(|| Single::new(LogLayer::new(options.logs, &tree)));
        let adopts = (!options.job_spans.is_empty())
            .then(|| Single::new(AdoptLayer::new(&options.job_spans, &tree)));
        let steps = (!options.steps.is_empty())
            .then(|| Single::new(StepLayer::new(&options.steps, options.throttle, &tree)));
        let progress = Single::new(ProgressLayer::new(&options, &tree));
        // The log line by which a framework ends a run still belongs to it.
        let layers = progress.and_then(logs).and_then(adopts).and_then(steps);
        layers.with_filter(Ours { options, tree })
    }

    /// Sets everything up from the environment, as [`init`](crate::init) does, with this layer.
    ///
    /// # Errors
    ///
    /// Those of [`init`](crate::init).
    #[cfg(feature = "init")]
    pub fn init(self) -> Result<stream_events::Installed, stream_events::Error> {
        crate::init::init_with(self.layer())
    }
}
