//! A spool without its thread.

use futures_util::FutureExt;

use super::*;
use crate::job::{JobId, Plan, Run};
use crate::queue::{Outcome, Taken};
use crate::spool::sample::dead_spool;
use crate::{EventId, Publisher};

/// A publisher's queue and a worker's hands, with the store away.
struct Bench {
    core: Arc<crate::publisher::Core>,
    delivery: Delivery,
    spooling: Spooling,
    teller: Teller,
}

impl Bench {
    fn new(name: &str) -> Self {
        let core = Publisher::builder()
            .url(format!("memory:{name}"))
            .unattended();
        let mut spooling = Spooling::new(&core.settings, &*core.store);
        spooling.spool = Some(dead_spool());
        Self {
            delivery: Delivery::new(Arc::clone(&core.settings)),
            teller: Teller::new(core.store.shown()),
            spooling,
            core,
        }
    }

    fn begin(&self, job: &str) -> Arc<Run> {
        let job = JobId::try_from(job).unwrap();
        Run::begin(&self.core, Plan::new(job, "t"), None).unwrap()
    }

    fn look(&mut self) {
        let queue = &self.core.queue;
        self.spooling.look(true, queue, &mut self.delivery);
    }

    fn take(&self) -> Taken {
        self.core.queue.take(Instant::now()).unwrap()
    }

    /// Finds out that the thread is gone.
    fn hear(&mut self) {
        let told = self.spooling.told().now_or_never().unwrap();
        assert!(matches!(told, Told::NotKept(_)), "{told:?}");
        self.spooling.take(told, &mut self.teller);
    }

    fn deliver(&mut self, taken: Taken) {
        taken
            .events
            .iter()
            .for_each(|draft| self.spooling.settle(draft));
        let delivered = |draft| (draft, Outcome::Delivered(EventId::new(1, 0)));
        let outcomes = taken.events.into_iter().map(delivered).collect();
        self.core.queue.settle(outcomes);
    }

    fn counts(&self) -> (u64, u64) {
        self.spooling.count(&self.core.queue.counters);
        let stats = self.core.queue.counters.stats();
        (stats.spooled, stats.unspooled)
    }
}

#[test]
fn without_its_thread_the_look_out_ends_and_what_was_asked_for_is_counted() {
    let mut bench = Bench::new("spool-gone");
    let _first = bench.begin("job_001");
    bench.look();
    let _second = bench.begin("job_002");
    let first = bench.take();
    let mut second = bench.take();
    bench.spooling.begin(&mut second.events);
    assert!(bench.spooling.is_on());
    bench.hear();
    bench.look();
    assert!(!bench.spooling.is_on() && !bench.spooling.is_wanted());
    assert_eq!(bench.counts(), (0, 2), "one on its way, one before that");
    // Nobody looks at what is noted any more.
    let _third = bench.begin("job_003");
    assert_eq!(bench.core.queue.fresh().len(), 0);
    bench.look();
    assert!(bench.spooling.told().now_or_never().is_none());
    bench.deliver(first);
    bench.deliver(second);
    assert_eq!(bench.counts(), (0, 2));
    assert!(bench.spooling.has_restored());
}

#[test]
fn what_is_on_the_disk_counts_until_it_has_its_outcome_also_without_the_thread() {
    let mut bench = Bench::new("spool-gone-later");
    let _run = bench.begin("job_001");
    bench.look();
    bench.spooling.take(Told::Kept, &mut bench.teller);
    bench.hear();
    bench.look();
    let taken = bench.take();
    assert_eq!(bench.counts(), (1, 0));
    assert!(bench.spooling.has(&taken.events[0]));
    bench.deliver(taken);
    assert_eq!(bench.counts(), (0, 0));
}
