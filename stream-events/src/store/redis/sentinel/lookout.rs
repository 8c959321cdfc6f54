//! What each connection to a master has beside it: somebody who asks now and then whether the master is
//! still there. A master that was demoted, or lost sight of the others, may answer for long.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::ConnectionAddr;
use tokio::time::{Instant, sleep};

use super::super::super::{Class, Fault, Purpose};
use super::super::server::Kind;
use super::super::way::Way;
use super::{LET_IN_WITHIN, Post, enter_master, within};

/// How long until the sentinels are asked again, by one for all connections of the store: a connection ends
/// no more than twice that, and what an answer takes, after most of them say that the master is elsewhere.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Whose turn it is to ask: who comes first once it is time.
#[derive(Default)]
pub(super) struct Turns(Mutex<Option<Instant>>);

impl Turns {
    fn take(&self) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Somewhat less: whoever has asked comes to ask again, and is not to come in vain.
        let is_time = last.is_none_or(|last| last.elapsed() >= LOOK_EVERY * 3 / 4);
        if is_time {
            *last = Some(Instant::now());
        }
        is_time
    }
}

impl Post {
    /// Ready once the master is not at this address any more. While no sentinel answers, a connection that
    /// stands is worth more than none.
    pub(super) async fn look_out(self: Arc<Self>, address: ConnectionAddr, way: Way) -> Fault {
        // What was found before this connection says nothing of it.
        let mut found = self.found.subscribe();
        loop {
            tokio::select! {
                _ = found.changed() => {}
                () = sleep(LOOK_EVERY) => {
                    if self.turns.take() {
                        self.look(&address, &way).await;
                    }
                    continue;
                }
            }
            let elsewhere = found.borrow_and_update().clone();
            if let Some(elsewhere) = elsewhere.filter(|found| *found != address) {
                let why = format!("the master is at {elsewhere} now");
                return Fault::new(Class::Connection, why);
            }
        }
    }

    /// Looks for all. That another is the master counts if it says so itself.
    async fn look(&self, address: &ConnectionAddr, way: &Way) {
        let Ok(votes) = self.ask().await else { return };
        let found = match votes.against(address) {
            None => address,
            Some(other) => {
                let entered = enter_master(way, other, Kind::Plain(Purpose::Prompt));
                match within(LET_IN_WITHIN, other, entered).await {
                    Ok(_) => other,
                    Err(_) => return,
                }
            }
        };
        self.found.send_replace(Some(found.clone()));
    }
}
