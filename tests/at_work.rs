//! A process with a job at work, and those who notice when it is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use stream_events::{Lost, Publisher, Reader};
use tokio::task::JoinHandle;

/// Longer than anything takes here.
pub(crate) const IN_TIME: Duration = Duration::from_secs(30);
/// Short, so that a process that is gone is soon noticed.
pub(crate) const SHORT: Duration = Duration::from_millis(300);

pub(crate) fn publisher(url: &str) -> Publisher {
    let builder = Publisher::builder().url(url).lease(SHORT);
    builder.connect().unwrap()
}

pub(crate) fn reader(url: &str) -> Reader {
    Reader::connect(url).unwrap().with_grace(SHORT)
}

/// On a runtime and a thread of its own, whatever the caller has.
pub(crate) fn block_on<T: Send>(future: impl Future<Output = T> + Send) -> T {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(future)
    };
    std::thread::scope(|scope| scope.spawn(run).join().unwrap())
}

/// Reaps until it is over, and looks once more then.
pub(crate) fn reap(reader: &Reader, is_over: &Arc<AtomicBool>) -> JoinHandle<Vec<Lost>> {
    let (mut reaper, is_over) = (reader.reaper(), Arc::clone(is_over));
    tokio::spawn(async move {
        let mut lost = Vec::new();
        loop {
            let is_last = is_over.load(Ordering::SeqCst);
            // A store that is away is waited for.
            lost.extend(reaper.reap().await.unwrap_or_default());
            if is_last {
                return lost;
            }
            tokio::time::sleep(SHORT / 10).await;
        }
    })
}
