//! One server of a cluster, and whether there is a way to it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backon::ExponentialBackoff;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::super::super::{Class, Fault};
use super::super::Link;
use super::address::Address;
use crate::backoff;

/// It is opened when it is first needed, and again, behind the back of who needs it, when it was lost.
pub(super) struct Node {
    pub(super) address: Address,
    door: Mutex<Door>,
    /// Told when it is opened, or found shut.
    turned: Notify,
}

struct Door {
    state: State,
    waits: ExponentialBackoff,
    used: Instant,
}

enum State {
    /// Not before this time, for this reason; without one, it was never tried.
    Shut(Instant, Option<Fault>),
    /// What it was shut for before, if it was.
    Opening(Option<Fault>),
    Open(Open),
}

struct Open {
    link: Link,
    /// Which data it has, where that is asked for and told.
    epoch: Option<String>,
    /// Whether it may be used for more than slots that are on their way to it.
    is_admitted: bool,
}

/// For how long a link is trusted; without a bound where none is said.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Trust {
    /// While something waits there for an answer.
    pub(super) silence: Option<Duration>,
    /// Since its server is known to have been there: it may have lost what it had, and be what it was, in between.
    pub(super) idle: Option<Duration>,
}

/// What is found at the door.
pub(super) enum Found {
    Open(Link),
    /// Who finds this asks which data the server has by now.
    Idle(Link),
    /// Open, and not admitted yet: it has this data.
    Stranger(Option<String>),
    Shut(Fault),
    /// Who finds this opens it.
    ToOpen,
    Opening,
}

impl Node {
    pub(super) fn new(address: Address) -> Self {
        let now = Instant::now();
        Self {
            address,
            door: Mutex::new(Door {
                state: State::Shut(now, None),
                waits: backoff::waits(),
                used: now,
            }),
            turned: Notify::new(),
        }
    }

    /// A link to it that can be used at once. One on which something has waited for an answer for too long
    /// is not: what is sent there waits, too, and so does all that waits for that.
    pub(super) fn ready(&self, asks: bool, trust: Trust) -> Option<Link> {
        let mut door = self.door();
        door.used = Instant::now();
        match &door.state {
            State::Open(open) => match open.found(asks, trust) {
                Some(Found::Open(link)) => Some(link),
                _ => None,
            },
            _ => None,
        }
    }

    /// What there is, and what is to be done about it.
    pub(super) fn look(&self, asks: bool, trust: Trust) -> Found {
        let now = Instant::now();
        let mut door = self.door();
        door.used = now;
        let Door { state, waits, .. } = &mut *door;
        let lost = match state {
            State::Open(open) => open.lost(trust.silence),
            _ => None,
        };
        if let Some(why) = lost {
            *state = shut(waits, self.away(why));
        }
        let (found, opening) = match state {
            State::Open(open) => {
                let silent = || Found::Shut(self.away("no answer for a while"));
                let found = open.found(asks, trust).unwrap_or_else(silent);
                let opening = matches!(found, Found::Idle(_)).then_some(None);
                (found, opening)
            }
            State::Opening(None) => (Found::Opening, None),
            State::Opening(Some(fault)) => (Found::Shut(fault.clone()), None),
            State::Shut(until, why) if *until <= now => (Found::ToOpen, Some(why.take())),
            State::Shut(_, why) => {
                let why = why.clone();
                let shut = Found::Shut(why.unwrap_or_else(|| self.away("it is not open")));
                (shut, None)
            }
        };
        if let Some(why) = opening {
            *state = State::Opening(why);
        }
        found
    }

    /// It is open from now on.
    pub(super) fn opened(&self, link: Link, epoch: Option<String>, is_admitted: bool) {
        let mut door = self.door();
        door.state = State::Open(Open {
            link,
            epoch,
            is_admitted,
        });
        drop(door);
        self.turned.notify_waiters();
    }

    pub(super) fn admit(&self) {
        if let State::Open(open) = &mut self.door().state {
            open.is_admitted = true;
        }
    }

    /// It is not there in time. From now on it is known to be away, until it is there.
    pub(super) fn late(&self) -> Fault {
        let fault = self.away("it is not there yet");
        if let State::Opening(why) = &mut self.door().state {
            why.get_or_insert_with(|| fault.clone());
        }
        fault
    }

    /// It could not be opened.
    pub(super) fn failed(&self, fault: &Fault) {
        let fault = match fault.class {
            Class::Connection => self.away(&fault.why),
            // Others of them let us in: what is this one's waits until it does, too.
            Class::Denied => Fault::new(Class::Barred, format!("{}: {}", self.address, fault.why)),
            _ => fault.clone(),
        };
        let mut door = self.door();
        door.state = shut(&mut door.waits, fault);
        drop(door);
        self.turned.notify_waiters();
    }

    /// This link to it is of no use any more.
    pub(super) fn lost(&self, link: &Link, fault: &Fault) {
        let mut door = self.door();
        let is_it = |open: &Open| Arc::ptr_eq(open.link.0.pulse(), link.0.pulse());
        if matches!(&door.state, State::Open(open) if is_it(open)) {
            door.state = shut(&mut door.waits, self.away(&fault.why));
        }
    }

    /// It has answered: the next time that it is lost is a new one.
    pub(super) fn answered(&self) {
        self.door().waits = backoff::waits();
    }

    pub(super) fn turned(&self) -> &Notify {
        &self.turned
    }

    /// For how long nobody has asked for it.
    pub(super) fn unused(&self) -> Duration {
        self.door().used.elapsed()
    }

    pub(super) fn away(&self, why: &str) -> Fault {
        Fault::new(Class::Away, format!("{}: {why}", self.address))
    }

    fn door(&self) -> MutexGuard<'_, Door> {
        self.door.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Why another link has to be opened, if so. A network may swallow all that goes by this one, and its server
    /// be well.
    fn lost(&self, silence: Option<Duration>) -> Option<&'static str> {
        let is_deaf = silence.is_some_and(|silence| self.is_silent(silence + GIVEN_UP_AFTER));
        match self.link.0.pulse().is_over() {
            true => Some("the connection is lost"),
            false => is_deaf.then_some("no answer for long"),
        }
    }

    fn is_silent(&self, time: Duration) -> bool {
        self.link.0.pulse().is_silent(time)
    }

    /// Whether its server may have lost what it had, and nobody has heard of it.
    fn is_idle(&self, time: Duration) -> bool {
        let was_there = self.link.0.pulse().was_there();
        self.is_admitted && was_there.is_none_or(|at| at.elapsed() > time)
    }

    /// None where it does not answer.
    fn found(&self, asks: bool, trust: Trust) -> Option<Found> {
        let is_silent = trust.silence.is_some_and(|time| self.is_silent(time));
        if is_silent || self.link.0.pulse().is_over() {
            return None;
        }
        Some(match asks {
            true => Found::Open(Link(self.link.0.asking())),
            false if trust.idle.is_some_and(|time| self.is_idle(time)) => {
                Found::Idle(self.link.clone())
            }
            false if self.is_admitted => Found::Open(self.link.clone()),
            false => Found::Stranger(self.epoch.clone()),
        })
    }
}

fn shut(waits: &mut ExponentialBackoff, why: Fault) -> State {
    let wait = match why.class {
        Class::Denied | Class::Barred => backoff::DENIED,
        _ => backoff::next(waits).min(LONGEST),
    };
    State::Shut(Instant::now() + wait, Some(why))
}

/// How long a link that says nothing is left alone beyond that, until it is given up.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(4);

/// Others are at work meanwhile, and what waits for this server is to be through soon after it is back.
const LONGEST: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::super::address::at;
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_server_that_does_not_let_us_in_is_tried_again_without_haste() {
        for class in [Class::Connection, Class::Denied, Class::Barred] {
            let node = Node::new(at("a", 1));
            let is_tried = || matches!(node.look(false, Trust::default()), Found::ToOpen);
            assert!(is_tried(), "it is new");
            node.failed(&Fault::new(class, "no"));
            advance(LONGEST).await;
            assert_eq!(is_tried(), class == Class::Connection);
            node.failed(&Fault::new(class, "no"));
            advance(backoff::DENIED).await;
            assert!(is_tried());
        }
    }
}
