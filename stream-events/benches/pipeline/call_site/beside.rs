//! What others ask of a caller for the same event: a line of a log that another thread writes, and an event
//! of a trace.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use fastrace::collector::{Config, Reporter, SpanRecord};
use fastrace::prelude::{LocalSpan, Span, SpanContext};
use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};

use super::{BURSTS, WARM, burst, summary};
use crate::job::TOTAL;
use crate::part::Numbers;

/// Counts the lines, and has no other work with them.
pub(super) struct Writer {
    lines: Arc<AtomicU64>,
    _guard: WorkerGuard,
}

struct Lines(Arc<AtomicU64>);

impl io::Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(1, Relaxed);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Writer {
    pub(super) async fn wait_for(&self, lines: u64) {
        while self.lines.load(Relaxed) < lines {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// The subscriber of this process, from here on.
pub(super) fn fmt() -> Writer {
    let lines = Arc::<AtomicU64>::default();
    let (writer, guard) = NonBlocking::new(Lines(Arc::clone(&lines)));
    tracing_subscriber::fmt()
        .with_writer(writer)
        .with_ansi(false)
        .init();
    Writer {
        lines,
        _guard: guard,
    }
}

pub(super) fn log(n: u64) {
    tracing::info!(current = n, total = TOTAL, "reading page {n}");
}

struct Nothing;

impl Reporter for Nothing {
    fn report(&mut self, _: Vec<SpanRecord>) {}
}

/// Each burst in a root of its own, which is not measured.
pub(super) fn fastrace() -> Numbers {
    fastrace::set_reporter(Nothing, Config::default());
    let mut times = Vec::new();
    for _ in 0..WARM + BURSTS {
        let root = Span::root("job", SpanContext::random());
        let _in_root = root.set_local_parent();
        times.push(burst(|n| {
            let event = fastrace::Event::new(format!("reading page {n}"));
            LocalSpan::add_event(
                event
                    .with_properties(|| [("current", n.to_string()), ("total", TOTAL.to_string())]),
            );
        }));
        std::thread::sleep(Duration::from_millis(1));
    }
    summary(&mut times.split_off(WARM))
}
