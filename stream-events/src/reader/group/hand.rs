//! What lets a member that takes from several streams have one event at a time.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::Assigned;

/// It is free, or with who takes just now; whoever waits for it gets it in turn. What a member held beside
/// what it works on, others could not take, and would take over soon.
#[derive(Clone, Default)]
pub(super) struct Hand(Arc<Inner>);

struct Inner {
    free: Arc<Semaphore>,
    /// Each that has let go of it and still waits has a clone.
    hanging: Arc<()>,
}

/// An event, and the hand that holds it until it is given.
pub(super) struct Taken {
    pub(super) assigned: Assigned,
    pub(super) hand: Option<OwnedSemaphorePermit>,
}

/// A server that answers does so sooner; one that does not is not to hold up what others have.
const PATIENCE: Duration = Duration::from_millis(500);
/// While one does not: it may have other streams.
const SHORT: Duration = Duration::from_millis(30);

impl Hand {
    /// What this comes to, and the hand, unless that took too long.
    pub(super) async fn hold<T>(
        &self,
        taking: impl Future<Output = T>,
    ) -> (T, Option<OwnedSemaphorePermit>) {
        let Inner { free, hanging } = &*self.0;
        let permit = Arc::clone(free).acquire_owned().await.ok();
        let patience = match Arc::strong_count(hanging) {
            1 => PATIENCE,
            _ => SHORT,
        };
        let mut taking = pin!(taking);
        match timeout(patience, &mut taking).await {
            Ok(taken) => (taken, permit),
            Err(_) => {
                drop(permit);
                let _hangs = Arc::clone(hanging);
                (taking.await, None)
            }
        }
    }
}

impl Taken {
    pub(super) fn given(self) -> Assigned {
        self.assigned
    }
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            free: Arc::new(Semaphore::new(1)),
            hanging: Arc::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_holds_it_at_a_time_and_those_that_hang_do_not_for_long() {
        let hand = Hand::default();
        let (_, held) = hand.hold(ready(())).await;
        assert!(held.is_some());
        let second = timeout(10 * PATIENCE, hand.hold(ready(()))).await;
        assert!(second.is_err(), "the first has it");
        drop(held);
        let start = tokio::time::Instant::now();
        let hang = || hand.hold(pending::<()>());
        tokio::select! {
            biased;
            _ = hang() => unreachable!(),
            _ = hang() => unreachable!(),
            (_, held) = hand.hold(ready(())) => assert!(held.is_some()),
        }
        assert_eq!(start.elapsed(), PATIENCE + SHORT);
    }
}
