//! All that `main` has to set up, in one call.

use stream_events::{Error, Installed, Publisher};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Layer, Registry, fmt, registry};

/// Sets everything up from the environment: log lines on stderr, filtered by `RUST_LOG` (by default
/// `info`), the [`layer`](crate::layer), and a publisher to the store that `STREAM_EVENTS_URL` or
/// `REDIS_URL` names, or to this process's memory with one warning.
///
/// Dropping the guard delivers what waits, for at most
/// [`DEFAULT_FLUSH_TIMEOUT`](stream_events::DEFAULT_FLUSH_TIMEOUT): keep it as long as `main` runs.
///
/// # Errors
///
/// A store's URL or a `RUST_LOG` that cannot be used; another subscriber that is set already. A
/// server that is down is no error.
pub fn init() -> Result<Installed, Error> {
    init_with(crate::layer())
}

pub(crate) fn init_with(
    layer: impl Layer<Registry> + Send + Sync + 'static,
) -> Result<Installed, Error> {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .try_from_env();
    let filter = match std::env::var_os(EnvFilter::DEFAULT_ENV) {
        Some(set) if !set.is_empty() => {
            filter.map_err(|why| Error::environment("RUST_LOG cannot be used", why))?
        }
        _ => EnvFilter::new(LevelFilter::INFO.to_string()),
    };
    let log = fmt::layer()
        .with_writer(std::io::stderr)
        .with_filter(filter);
    let subscriber = registry().with(layer).with(log);
    let taken = |why| Error::environment("the subscriber cannot be set", why);
    subscriber.try_init().map_err(taken)?;
    Ok(Publisher::from_env()?.install())
}
