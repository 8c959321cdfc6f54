//! The last failover that a sentinel has told of.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::super::super::{Class, Fault};
use super::votes::Votes;

/// How long who knows of none later counts for nothing, after a sentinel last knew of it. Each tells all others
/// every 2 s: where most have not heard for so long, there was none. They were set up anew, and count from 0 again.
const HOLDS: Duration = Duration::from_secs(10);

/// Sentinels who have yet to hear of a failover name the old master, which may take itself for one still: what
/// it takes is lost, and what it has others never had.
#[derive(Default)]
pub(super) struct Latest(Mutex<Option<Heard>>);

#[derive(Clone, Copy)]
struct Heard {
    epoch: u64,
    at: Instant,
}

impl Latest {
    /// What a sentinel has to know of to be believed.
    pub(super) fn epoch(&self) -> u64 {
        self.heard().map_or(0, |heard| heard.epoch)
    }

    /// Takes note of what the sentinels know, or says that they know too little.
    pub(super) fn check(&self, votes: &Votes) -> Result<(), Fault> {
        let Some(epoch) = votes.epoch() else {
            return Ok(());
        };
        let mut heard = self.heard();
        let later = heard.filter(|heard| heard.epoch > epoch);
        match later {
            Some(later) if !votes.are_most() || later.at.elapsed() < HOLDS => {
                let why = format!(
                    "the sentinels that answer have yet to hear of the last failover: they know of that with \
                     the epoch {epoch}, after which was that of {}",
                    later.epoch
                );
                Err(Fault::new(Class::Connection, why))
            }
            _ => {
                let at = Instant::now();
                *heard = Some(Heard { epoch, at });
                Ok(())
            }
        }
    }

    fn heard(&self) -> MutexGuard<'_, Option<Heard>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use redis::ConnectionAddr;

    use super::super::votes::Said;
    use super::*;

    /// Of three, so many of which say this.
    fn votes(epoch: Option<u64>, count: usize) -> Votes {
        let address = ConnectionAddr::Tcp("h".to_owned(), 1);
        let mut votes = Votes::of(3, 0);
        for _ in 0..count {
            let address = address.clone();
            votes.add(&address.clone(), Ok(Some(Said { address, epoch })));
        }
        votes.given("m").unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn who_knows_less_is_not_believed_until_most_have_known_no_more_for_long() {
        let latest = Latest::default();
        assert!(latest.check(&votes(Some(0), 1)).is_ok());
        assert!(latest.check(&votes(Some(7), 1)).is_ok(), "one knows more");
        assert_eq!(latest.epoch(), 7);
        let refused = latest.check(&votes(Some(6), 2)).unwrap_err();
        assert!(
            refused
                .why
                .ends_with("the epoch 6, after which was that of 7"),
            "{refused}"
        );
        assert!(latest.check(&votes(None, 1)).is_ok(), "it may not say");
        tokio::time::advance(HOLDS - Duration::from_secs(1)).await;
        assert!(latest.check(&votes(Some(7), 1)).is_ok(), "it knows still");
        tokio::time::advance(HOLDS - Duration::from_secs(1)).await;
        assert!(latest.check(&votes(Some(0), 3)).is_err());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(
            latest.check(&votes(Some(0), 1)).is_err(),
            "not most of them"
        );
        assert!(latest.check(&votes(Some(0), 2)).is_ok());
        assert_eq!(latest.epoch(), 0);
    }
}
