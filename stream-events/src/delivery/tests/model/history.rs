//! A history as it happens: each of its steps, done to the world.

use std::time::Duration;

use super::step::{Foreign, Step};
use super::world::World;
use crate::EventId;

impl World {
    pub(super) fn apply(&mut self, step: Step) {
        match step {
            Step::Begin { job } => _ = self.begin(&format!("job_{job}")),
            Step::Emit { run, what, times } => (0..times).for_each(|_| self.emit(run + 1, what)),
            Step::End { run } => self.end(run + 1),
            Step::Work => self.work(),
            Step::Take => _ = self.take(),
            Step::Send { commands } => (0..commands).for_each(|_| _ = self.send()),
            Step::Answer { requests } => (0..requests).for_each(|_| _ = self.answer()),
            Step::Connect => self.connect(),
            Step::Confirm(confirmation) => self.confirm(confirmation),
            Step::Wait { ms } => self.wait(Duration::from_millis(ms)),
            Step::Expire => self.core.queue.expire(self.now),
            Step::Serve { requests } => (0..requests).for_each(|_| self.serve()),
            Step::Cut { served, entries } => self.cut(served, entries),
            Step::Stall { served, entries } => {
                self.connect();
                while self.take() {}
                while self.send() {}
                self.cut(served, entries);
            }
            Step::ArriveLate { connection } => {
                self.network.arrive_late(connection, &mut self.server);
            }
            Step::Miss { requests, fate } if self.setup.is_parted => {
                (0..requests).for_each(|_| self.network.miss(&mut self.server, fate));
            }
            Step::Miss { .. } => {}
            Step::GoBack { writes } => self.go_back(writes),
            Step::Move => self.move_on(),
            Step::Stray { requests } => self.stray(requests),
            Step::Delete { job } => self.server.delete(&key(job)),
            Step::Mistype { job } => self.server.mistype(&key(job)),
            Step::Shun { job } => self.server.shun(key(job)),
            Step::Refuse { class, mask } => self.server.refuses(class, mask),
            Step::Suffer { class, ms } => {
                self.server.refuses(class, u8::MAX);
                self.work();
                self.wait(Duration::from_millis(ms));
                self.work();
                self.server.recover();
            }
            Step::DenyTransactions => self.server.denies_transactions = true,
            Step::Mend => {
                self.server.mend();
                self.server.denies_transactions = self.setup.denies_transactions;
            }
            Step::Write { job, id } => self.write(job, id),
            Step::Fence { job, ms } => self.server.fence(&key(job), ms),
            Step::Rival { job, times } => self.server.expect_rival(key(job), times),
            Step::Jump { ms } => self.clock = self.clock.saturating_add_signed(ms),
        }
    }

    fn go_back(&mut self, writes: usize) {
        self.server.go_back(writes);
        let was_up = self.network.is_up;
        self.network.forget();
        if was_up {
            self.lose();
        }
    }

    /// What was sent to the server that the name leads away from may still arrive there.
    fn move_on(&mut self) {
        self.cut(0, 0);
        self.server.move_on();
        self.network.move_on();
    }

    fn stray(&mut self, requests: u8) {
        self.move_on();
        self.connect();
        while self.take() {}
        while self.send() {}
        (0..requests).for_each(|_| self.serve());
        while self.answer() {}
        self.move_on();
    }

    fn write(&mut self, job: usize, id: Foreign) {
        let id = match id {
            Foreign::Chosen => None,
            Foreign::Ahead { ms } => Some(EventId::new(self.server.clock + ms, 0)),
            Foreign::Last => Some(EventId::MAX),
        };
        self.server.write(&key(job), id, self.setup.max_len);
    }
}

fn key(job: usize) -> String {
    format!("job_events:job_{job}")
}
