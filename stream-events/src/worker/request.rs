//! What is sent at a time.

use std::time::Instant;

use super::leases::Leases;
use super::rest::Flow;
use super::spooling::Spooling;
use crate::delivery::{BatchId, Command, Delivery};
use crate::queue::Queue;

#[derive(Default)]
pub(super) struct Request {
    pub(super) commands: Vec<(BatchId, Command)>,
    /// What was taken from the queue.
    pub(super) flow: Flow,
}

/// How many requests are on their way at once, and what one has at most, or little more: it has to be
/// through before its answer is late, also where the network is slow.
pub(super) const REQUESTS: usize = 4;
const BATCHES: usize = 128;
const BYTES: usize = 512 * 1024;

impl Request {
    /// What delivery has to send, then what waits in the queue.
    pub(super) fn fill(
        delivery: &mut Delivery,
        queue: &Queue,
        leases: &mut Leases,
        spooling: &mut Spooling,
    ) -> Self {
        let (mut commands, mut bytes) = (Vec::new(), 0);
        let mut flow = Flow::default();
        while commands.len() < BATCHES && bytes < BYTES {
            if let Some((id, command)) = delivery.next_command() {
                bytes += command.size();
                commands.push((id, command));
                continue;
            }
            if delivery.holds() {
                break;
            }
            let now = Instant::now();
            let Some(mut taken) = queue.take(now) else {
                break;
            };
            flow.at = Some(now);
            flow.events += taken.events.len();
            leases.begin(&taken.events);
            spooling.begin(&mut taken.events);
            delivery.accept(taken, now);
        }
        Self { commands, flow }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::delivery::Answer;
    use crate::job::{JobId, Plan, Run};
    use crate::publisher::Core;
    use crate::{Fields, Publisher};

    /// A worker's hands, and what it takes from.
    struct Hands {
        core: Arc<Core>,
        delivery: Delivery,
        leases: Leases,
        spooling: Spooling,
    }

    impl Hands {
        fn new() -> Self {
            let builder = Publisher::builder().url("memory:").queue_bytes(ROOM);
            let core = builder.unattended();
            Self {
                delivery: Delivery::new(Arc::clone(&core.settings)),
                leases: Leases::new(&core.settings, core.store.shards()),
                spooling: Spooling::new(&core.settings, &*core.store),
                core,
            }
        }

        fn begin(&self, job: usize) -> Arc<Run> {
            let job = JobId::try_from(format!("job_{job}")).unwrap();
            Run::begin(&self.core, Plan::new(job, "t"), None).unwrap()
        }

        fn fill(&mut self) -> Vec<(BatchId, Command)> {
            let queue = &self.core.queue;
            let (leases, spooling) = (&mut self.leases, &mut self.spooling);
            Request::fill(&mut self.delivery, queue, leases, spooling).commands
        }

        /// What is at hand comes under suspicion: the next to send is a probe.
        fn suspect(&mut self) -> BatchId {
            for _ in 0..3 {
                assert_eq!(self.fill().len(), 1);
                self.delivery.connection_lost(Instant::now());
            }
            self.probe()
        }

        fn probe(&mut self) -> BatchId {
            match self.fill()[..] {
                [(id, Command::Look(_))] => id,
                ref other => panic!("{other:?}"),
            }
        }

        /// The stream has nothing of it.
        fn clear(&mut self, probe: BatchId) {
            let (entries, info) = (Vec::new(), None);
            let seen = Answer::Seen { entries, info };
            self.delivery.answer(probe, seen, Instant::now());
        }

        fn take(&mut self, commands: &[(BatchId, Command)]) {
            for (id, command) in commands {
                let Command::Append(append) = command else {
                    panic!("{command:?}")
                };
                let ids = append.entries.iter().map(|entry| Ok(entry.id.unwrap()));
                let taken = Answer::Appended(ids.collect());
                self.delivery.answer(*id, taken, Instant::now());
            }
        }
    }

    const ROOM: usize = 256 * 1024;

    #[test]
    fn while_one_batch_is_alone_on_its_way_all_else_waits_and_coalesces_in_the_queue() {
        let mut hands = Hands::new();
        let _suspect = hands.begin(0);
        let probe = hands.suspect();
        let others: Vec<_> = (1..10).map(|job| hands.begin(job)).collect();
        for _ in 0..100 {
            let progress = |run: &Arc<Run>| run.progress(Fields::new().field("n", &1));
            others.iter().for_each(progress);
            assert_eq!(hands.fill(), []);
        }
        assert_eq!(hands.delivery.open(), 1, "nothing else is taken");
        let stats = hands.core.queue.counters.stats();
        assert!(
            stats.coalesced > 0 && stats.dropped.total() == 0,
            "{stats:?}"
        );
        assert!(hands.core.queue.used() <= ROOM);
        hands.clear(probe);
        let alone = hands.fill();
        assert_eq!(alone.len(), 1);
        hands.take(&alone);
        assert_eq!(hands.fill().len(), others.len());
    }

    #[test]
    fn while_one_batch_waits_to_be_alone_nothing_else_is_taken() {
        let mut hands = Hands::new();
        let _suspect = hands.begin(0);
        let probe = hands.suspect();
        hands.clear(probe);
        assert_eq!(hands.fill().len(), 1);
        hands.delivery.connection_lost(Instant::now());
        let _other = hands.begin(1);
        let others = hands.fill();
        let rested = hands.delivery.next_tick().unwrap();
        hands.delivery.tick(rested);
        let _later = hands.begin(2);
        assert_eq!(hands.fill(), []);
        assert_eq!(hands.delivery.open(), 2, "the last is in the queue");
        hands.take(&others);
        hands.probe();
    }
}
