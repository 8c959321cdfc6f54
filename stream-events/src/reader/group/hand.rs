//! What lets a member that takes from several streams have one event at a time.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::Assigned;

/// It is free, or with who takes just now; whoever waits for it gets it in turn. What a member held beside
/// what it works on, others could not take, and would take over soon.
#[derive(Clone)]
pub(super) struct Hand(Arc<Semaphore>);

/// An event, and the hand that holds it until it is given.
pub(super) struct Taken {
    pub(super) assigned: Assigned,
    pub(super) hand: Option<OwnedSemaphorePermit>,
}

/// A server that answers does so sooner; one that does not is not to hold up what others have.
const PATIENCE: Duration = Duration::from_millis(500);

impl Hand {
    /// What this comes to, and the hand, unless that took too long.
    pub(super) async fn hold<T>(
        &self,
        taking: impl Future<Output = T>,
    ) -> (T, Option<OwnedSemaphorePermit>) {
        let permit = Arc::clone(&self.0).acquire_owned().await.ok();
        let mut taking = pin!(taking);
        match timeout(PATIENCE, &mut taking).await {
            Ok(taken) => (taken, permit),
            Err(_) => {
                drop(permit);
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

impl Default for Hand {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_holds_it_at_a_time_and_one_that_hangs_does_not_for_long() {
        let hand = Hand::default();
        let (_, held) = hand.hold(ready(())).await;
        assert!(held.is_some());
        let second = timeout(10 * PATIENCE, hand.hold(ready(()))).await;
        assert!(second.is_err(), "the first has it");
        drop(held);
        let start = tokio::time::Instant::now();
        let hangs = hand.hold(pending::<()>());
        let next = hand.hold(ready(()));
        tokio::select! {
            biased;
            _ = hangs => unreachable!(),
            (_, held) = next => assert!(held.is_some()),
        }
        assert_eq!(start.elapsed(), PATIENCE);
    }
}
