//! The end of a history: all faults are over, but for events that no server bears.

use super::step::{Confirmation, What};
use super::world::{PULSE, World};

/// In so many rounds all has to be settled.
const ROUNDS: usize = 200;

impl World {
    /// Ends all runs, and works on until nothing is left to do; then what is still on its way from
    /// old connections arrives.
    pub(super) fn heal(&mut self) {
        self.server.settle_down();
        (PULSE + 1..self.runs.len()).for_each(|run| self.end(run));
        self.drain(Self::beat);
        self.end(PULSE);
        self.drain(|_| {});
        while self.network.arrive_late(0, &mut self.server) {}
    }

    fn drain(&mut self, beat: impl Fn(&mut Self)) {
        for _ in 0..ROUNDS {
            self.work();
            self.confirm(Confirmation::Durable);
            if self.is_idle() {
                return;
            }
            if let Some(due) = self.delivery.next_tick() {
                self.wait(due.saturating_duration_since(self.now));
            }
            beat(self);
        }
    }

    /// Without a connection nobody knows what there is to replay.
    fn is_idle(&self) -> bool {
        self.network.is_up && self.delivery.open() == 0 && self.core.queue.is_empty()
    }

    /// An event that is always refused is dropped only where others are taken: such as progress, for
    /// which there is always room, or what is never too late.
    fn beat(&mut self) {
        self.emit(PULSE, What::Progress { phase: 0 });
        if let Some(run) = self.begin("pulse") {
            self.end(run);
        }
    }
}
