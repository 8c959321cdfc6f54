//! A publisher without its worker, between jobs and the model store.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::laws;
use super::ledger::Ledger;
use super::network::Network;
use super::server::Server;
use super::step::Confirmation;
use super::story::Setup;
use crate::Publisher;
use crate::delivery::{Answer, Command, Delivery, Epoch};
use crate::event::Timestamp;
use crate::job::Run;
use crate::publisher::Core;
use crate::settings::Durability;
use crate::store::{Class, Fault};

pub(super) struct World {
    pub(super) setup: Setup,
    pub(super) core: Arc<Core>,
    pub(super) delivery: Delivery,
    pub(super) server: Server,
    pub(super) network: Network,
    pub(super) ledger: Ledger,
    /// Of a run that found no room there is none.
    pub(super) runs: Vec<Option<Arc<Run>>>,
    /// Streams of which the store chooses the ids.
    pub(super) shared: BTreeSet<String>,
    pub(super) now: Instant,
    /// The publisher's, in milliseconds since 1970.
    pub(super) clock: u64,
}

impl World {
    pub(super) fn new(setup: Setup) -> Self {
        let mut builder = Publisher::builder()
            .url("memory:")
            .max_len(setup.max_len)
            .replay_bytes(setup.replay_bytes)
            .queue_bytes(setup.queue_bytes);
        if setup.has_timeout {
            builder = builder.delivery_timeout(Duration::from_secs(60));
        }
        if setup.is_durable {
            builder = builder.durability(Durability::Fsynced);
        }
        let core = builder.unattended();
        let clock = 1_764_000_000_000;
        let mut world = Self {
            setup,
            delivery: Delivery::new(Arc::clone(&core.settings)),
            core,
            server: Server::new(clock),
            network: Network::default(),
            ledger: Ledger::default(),
            runs: Vec::new(),
            shared: BTreeSet::new(),
            now: Instant::now(),
            clock,
        };
        world.server.denies_transactions = setup.denies_transactions;
        world.network.is_parted = setup.is_parted;
        world.begin("pulse");
        world
    }

    /// Does all that can be done without waiting.
    pub(super) fn work(&mut self) {
        for _ in 0..ROUNDS {
            self.connect();
            while self.take() {}
            let mut is_idle = true;
            while self.send() {
                is_idle = false;
            }
            for _ in 0..2 * ROUNDS {
                self.serve();
            }
            while self.answer() {}
            if is_idle {
                return;
            }
        }
    }

    pub(super) fn connect(&mut self) {
        if !std::mem::replace(&mut self.network.is_up, true) {
            self.delivery.connected(self.epoch(), self.now);
        }
    }

    fn epoch(&self) -> Option<Epoch> {
        let tells = self.setup.tells_epoch;
        let (epoch, moves) = (self.server.epoch, self.server.moves);
        tells.then(|| format!("epoch {epoch} of server {}", moves % 2))
    }

    /// Takes a lane's events from the queue.
    pub(super) fn take(&mut self) -> bool {
        let Some(mut taken) = self.core.queue.take(self.now) else {
            return false;
        };
        for draft in &mut taken.events {
            draft.at = Timestamp::from_micros(self.clock as i64 * 1000);
            self.ledger.take(draft);
        }
        self.delivery.accept(taken, self.now);
        true
    }

    pub(super) fn send(&mut self) -> bool {
        if !self.network.has_room() {
            return false;
        }
        let Some((id, command)) = self.delivery.next_command() else {
            return false;
        };
        if let Command::Append(append) = &command
            && append.entries.iter().any(|entry| entry.id.is_none())
        {
            assert!(
                self.server.may_choose(&append.key),
                "nobody else writes to {}",
                append.key
            );
            self.shared.insert(append.key.to_string());
        }
        self.network.send(id, command);
        true
    }

    pub(super) fn serve(&mut self) {
        if self.network.is_up && !self.network.serve(&mut self.server) {
            self.cut(0, 0);
        }
    }

    pub(super) fn answer(&mut self) -> bool {
        let Some((id, answer)) = self.network.answer() else {
            return false;
        };
        self.delivery.answer(id, answer, self.now);
        self.settle();
        true
    }

    fn settle(&mut self) {
        for settled in self.delivery.take_settled() {
            for (draft, outcome) in settled.events.iter() {
                laws::is_true(self, draft, outcome);
                self.ledger.settle(draft, outcome);
            }
            self.core.queue.settle(settled.events);
            if let Some((lane, position)) = settled.lane {
                self.core.queue.release(lane, position);
            }
        }
    }

    pub(super) fn confirm(&mut self, confirmation: Confirmation) {
        let answer = match confirmation {
            Confirmation::Durable => Ok(true),
            Confirmation::NotYet => Ok(false),
            Confirmation::Later => Err(Fault::new(Class::Later, "not now")),
            Confirmation::Never => Err(Fault::new(Class::Never, "no such thing")),
            Confirmation::Lost => {
                drop(self.delivery.confirms(self.epoch().as_ref()));
                return self.delivery.confirm_lost();
            }
        };
        for (id, _) in self.delivery.confirms(self.epoch().as_ref()) {
            let answer = Answer::Confirmed(answer.clone());
            self.delivery.answer(id, answer, self.now);
        }
        self.settle();
    }

    pub(super) fn wait(&mut self, time: Duration) {
        self.now += time;
        self.clock += time.as_millis() as u64;
        self.server.clock += time.as_millis() as u64;
        self.delivery.tick(self.now);
    }

    pub(super) fn cut(&mut self, served: usize, entries: usize) {
        if self.network.is_up {
            self.network.cut(&mut self.server, served, entries);
            self.lose();
        }
    }

    pub(super) fn lose(&mut self) {
        self.delivery.connection_lost(self.now);
        self.settle();
    }
}

/// The run that is there from the start, of a job that nothing else happens to.
pub(super) const PULSE: usize = 0;
const ROUNDS: usize = 8;
