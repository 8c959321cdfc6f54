//! What the log has been told of the store, so that it is told each thing once.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::log::{Log, Ticket};
use super::notice::Notice;
use crate::queue::Draft;
use crate::store::{Class, Fault};

pub(super) struct Teller {
    store: String,
    log: Log,
    is_in_trouble: bool,
    /// How many events the store had lost.
    replayed: u64,
    /// How many of them it does not have again.
    unplaced: u64,
    is_not_durable: bool,
    is_unspooled: bool,
    is_unrestored: bool,
    /// How many events of others were brought back.
    restored: u64,
    /// How the store throws streams away, where it does.
    evicts: Option<String>,
    is_unleased: bool,
    /// What of the index is not written.
    unindexed: BTreeSet<String>,
    /// What comes of rights that we do not have.
    lacking: BTreeSet<&'static str>,
}

impl Teller {
    pub(super) fn new(store: &str) -> Self {
        Self {
            store: store.to_owned(),
            log: Log::default(),
            is_in_trouble: false,
            replayed: 0,
            unplaced: 0,
            is_not_durable: false,
            is_unspooled: false,
            is_unrestored: false,
            restored: 0,
            evicts: None,
            is_unleased: false,
            unindexed: BTreeSet::new(),
            lacking: BTreeSet::new(),
        }
    }

    /// What a handle has to say.
    pub(super) fn say(&mut self, notice: Notice) {
        self.log.say(notice);
    }

    /// Drops this once the log has been told all that it is told before.
    pub(super) fn pass(&self, ticket: Ticket) {
        self.log.pass(ticket);
    }

    pub(super) fn away(&mut self, why: String) {
        let store = self.store.clone();
        self.log.say(Notice::Away { store, why });
    }

    pub(super) fn back(&mut self, after: Duration, pending: u64) {
        let store = self.store.clone();
        self.log.say(Notice::Back {
            store,
            after,
            pending,
        });
    }

    /// That the store takes nothing although it answers; and that it does again.
    pub(super) fn trouble(&mut self, why: Option<&str>) {
        let store = self.store.clone();
        match (why.map(str::to_owned), self.is_in_trouble) {
            (Some(why), false) => self.log.say(Notice::Cannot { store, why }),
            (None, true) => self.log.say(Notice::CanAgain { store }),
            _ => return,
        }
        self.is_in_trouble = why.is_some();
    }

    /// How much the store had lost by now.
    pub(super) fn replayed(&mut self, events: u64) {
        let more = events - self.replayed;
        if more > 0 {
            let (store, events) = (self.store.clone(), more);
            self.log.say(Notice::Replayed { store, events });
        }
        self.replayed = events;
    }

    /// How much of that it cannot have again by now.
    pub(super) fn unplaced(&mut self, events: u64) {
        let more = events - self.unplaced;
        if more > 0 {
            let (store, events) = (self.store.clone(), more);
            self.log.say(Notice::Unplaced { store, events });
        }
        self.unplaced = events;
    }

    /// That the store throws streams away: once, and again where it is in another way by now.
    pub(super) fn evicts(&mut self, how: Option<String>) {
        if self.evicts == how {
            return;
        }
        self.evicts.clone_from(&how);
        if let Some(how) = how {
            let store = self.store.clone();
            self.log.say(Notice::Evicts { store, how });
        }
    }

    pub(super) fn not_durable(&mut self, why: String) {
        if !std::mem::replace(&mut self.is_not_durable, true) {
            let store = self.store.clone();
            self.log.say(Notice::NotDurable { store, why });
        }
    }

    /// That the disk keeps nothing: once, since that does not end soon.
    pub(super) fn unspooled(&mut self, why: String) {
        if !std::mem::replace(&mut self.is_unspooled, true) {
            self.log.say(Notice::Unspooled { why });
        }
    }

    pub(super) fn foreign(&mut self, file: &Path, of: String) {
        let file = file.display().to_string();
        self.log.say(Notice::Foreign { file, of });
    }

    /// That the store does not take what others have left: once.
    pub(super) fn unrestored(&mut self, why: String) {
        if !std::mem::replace(&mut self.is_unrestored, true) {
            let store = self.store.clone();
            self.log.say(Notice::Unrestored { store, why });
        }
    }

    pub(super) fn unreadable(&mut self, file: &Path, why: String) {
        let file = file.display().to_string();
        self.log.say(Notice::Unreadable { file, why });
    }

    /// How many events of processes that are gone the store has by now.
    pub(super) fn restored(&mut self, events: u64) {
        let more = events - std::mem::replace(&mut self.restored, events);
        if more > 0 {
            let (store, events) = (self.store.clone(), more);
            self.log.say(Notice::Restored { store, events });
        }
    }

    /// That leases are refused; and that they are kept again. Not where the store cannot take anything
    /// just now: that is said of its events.
    pub(super) fn leases(&mut self, refusal: Option<Fault>) {
        let store = self.store.clone();
        match (refusal, self.is_unleased) {
            (Some(fault), false) if fault.class != Class::Later => {
                self.is_unleased = true;
                let why = fault.why;
                self.log.say(Notice::Unleased { store, why });
            }
            (None, true) => {
                self.is_unleased = false;
                self.log.say(Notice::LeasedAgain { store });
            }
            _ => {}
        }
    }

    /// That this part of the index is refused; and that it is written again.
    pub(super) fn index(&mut self, what: &str, refusal: Option<&Fault>) {
        let (store, what) = (self.store.clone(), what.to_owned());
        match refusal {
            Some(fault) if fault.class != Class::Later && !self.unindexed.contains(&what) => {
                self.unindexed.insert(what.clone());
                let why = fault.why.clone();
                self.log.say(Notice::Unindexed { store, what, why });
            }
            None if self.unindexed.remove(&what) => {
                self.log.say(Notice::IndexedAgain { store, what });
            }
            _ => {}
        }
    }

    /// That the store does not let us do all, and what comes of that: once.
    pub(super) fn lacks(&mut self, fault: Fault, so: &'static str) {
        if self.lacking.insert(so) {
            let (store, why) = (self.store.clone(), fault.why);
            self.log.say(Notice::Lacks { store, why, so });
        }
    }

    /// That a run of ours was declared lost, and has taken that back.
    pub(super) fn resumed(&mut self, job: String) {
        self.log.say(Notice::Resumed { job });
    }

    /// Once for a batch: where one event of a stream is refused, most are.
    pub(super) fn refused(&mut self, draft: &Draft, why: &str) {
        self.log.say(Notice::Refused {
            store: self.store.clone(),
            event: draft.event_type.to_string(),
            job: draft.run.job.to_string(),
            why: why.to_owned(),
        });
    }
}
