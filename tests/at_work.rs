//! A process with a job at work, and those who notice when it is gone.

use std::time::Duration;

use stream_events::{Lost, Publisher, Reader};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

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

/// A reaper at work.
pub(crate) struct Reaping {
    end: oneshot::Sender<()>,
    lost: JoinHandle<Vec<Lost>>,
}

/// Reaps until that is ended.
pub(crate) fn reap(reader: &Reader) -> Reaping {
    let mut reaper = reader.reaper();
    let (end, mut ended) = oneshot::channel();
    let lost = tokio::spawn(async move {
        let (mut lost, mut is_last) = (Vec::new(), false);
        loop {
            // A store that is away is waited for.
            lost.extend(reaper.reap().await.unwrap_or_default());
            if is_last {
                return lost;
            }
            is_last = timeout(SHORT / 10, &mut ended).await.is_ok();
        }
    });
    Reaping { end, lost }
}

impl Reaping {
    /// Looks once more, and says which runs it has declared lost.
    pub(crate) async fn end(self) -> Vec<Lost> {
        self.end.send(()).unwrap();
        self.lost.await.unwrap()
    }
}
