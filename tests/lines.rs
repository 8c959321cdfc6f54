//! The log of a process whose subscriber hears everything.
#![allow(dead_code, reason = "each file uses a part of it")]

use std::sync::OnceLock;
use std::time::Duration;

use support::Log;
use tracing::Level;

pub(crate) const SOON: Duration = Duration::from_secs(30);

/// The process's one log.
pub(crate) fn log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false);
        subscriber.with_writer(log.writer()).init();
        log
    })
}
