//! One server and one installed publisher for all tests of a process.

use std::future::poll_fn;
use std::sync::OnceLock;
use std::task::Poll;
use std::time::Duration;

use serde_json::Value;
use stream_events::{Installed, Publisher};
use support::{RawEntry, TestRedis};

pub(crate) const SOON: Duration = Duration::from_secs(30);

/// The publisher of this process. Its jobs have ids of their own, so that tests can run side by side.
pub(crate) fn publisher() -> &'static Publisher {
    static INSTALLED: OnceLock<Installed> = OnceLock::new();
    let install = || {
        let publisher = Publisher::connect(TestRedis::shared().url());
        publisher.unwrap().install()
    };
    INSTALLED.get_or_init(install).publisher()
}

/// `data` of each event of a job.
pub(crate) async fn events(job_id: &str) -> Vec<Value> {
    assert!(publisher().flush(SOON).await.complete);
    let entries = TestRedis::shared().entries(&format!("job_events:{job_id}"));
    entries.iter().map(RawEntry::data).collect()
}

/// Pending once.
pub(crate) async fn pause() {
    let mut paused = false;
    poll_fn(|context| {
        context.waker().wake_by_ref();
        match std::mem::replace(&mut paused, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
}
