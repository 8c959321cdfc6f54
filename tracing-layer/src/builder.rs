//! What the layer does beside `progress!`, asked for one by one.

use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

use crate::context::Tree;
use crate::filter::Ours;
use crate::layer::ProgressLayer;
use crate::options::Options;
use crate::throttle::DEFAULT_THROTTLE;

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
    /// The layer, with its filter, for a registry of your own.
    pub fn layer<S>(self) -> impl Layer<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let tree = Tree::lead();
        let progress = ProgressLayer::new(DEFAULT_THROTTLE, &tree);
        progress.with_filter(Ours::new(self.options))
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
