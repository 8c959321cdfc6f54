//! A process that runs jobs and writes down what it emits, until it is told to end or is ended.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use stream_events::Publisher;
use support::memory_peak;
use tracing_subscriber::prelude::*;

use crate::evidence::{CLEAN, TOKEN};
use crate::history::{Counts, Mark, Pen, What};
use crate::jobs;
use crate::plan::Plan;
use crate::random::Random;

/// What a producer is to do: one line of JSON in its environment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Assignment {
    pub(crate) url: String,
    /// Where it writes its history, and finds its [`Order`]s.
    pub(crate) folder: PathBuf,
    pub(crate) seed: u64,
    pub(crate) producer: usize,
    /// How many processes of this producer there were before.
    pub(crate) generation: usize,
    pub(crate) queue_bytes: usize,
    pub(crate) delivery_timeout: Option<Duration>,
    pub(crate) replay_bytes: usize,
    pub(crate) lease: Duration,
    /// Where starts and ends are kept that cannot be delivered, by all processes of a producer.
    pub(crate) spool: Option<PathBuf>,
    /// A job whose key is taken.
    pub(crate) occupied: Option<String>,
}

/// Names the variable.
const ASSIGNMENT: &str = "STREAM_EVENTS_TEST_ASSIGNMENT";

/// What a producer may be told while it is at work: by a file of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// End all runs, flush, and go.
    Finish,
    Exit,
    Abort,
}

impl Assignment {
    pub(crate) fn name(&self) -> String {
        format!("{}.{}", self.producer, self.generation)
    }

    pub(crate) fn history(&self) -> PathBuf {
        self.folder.join(format!("{}.jsonl", self.name()))
    }

    pub(crate) fn order(&self, order: Order) {
        fs::write(self.order_file(order), "").unwrap();
    }

    fn is_told(&self, order: Order) -> bool {
        self.order_file(order).exists()
    }

    fn order_file(&self, order: Order) -> PathBuf {
        self.folder.join(format!("{}.{order:?}", self.name()))
    }

    /// The job that one process of a producer works at for as long as it lives.
    pub(crate) fn long_job(&self) -> String {
        format!("long_{}", self.name())
    }

    /// What it has to have in its environment.
    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        let text = serde_json::to_string(self).unwrap();
        BTreeMap::from([(ASSIGNMENT.to_owned(), text)])
    }
}

/// A process at work.
pub(crate) struct Producer {
    pub(crate) assignment: Assignment,
    pub(crate) publisher: Publisher,
    pub(crate) pen: Pen,
    calls: [AtomicU64; 32],
    flushes: AtomicU64,
}

/// Runs that are at work at any time, beside the long one.
const AT_ONCE: u64 = 6;
/// For as long as it takes: every outage is over by then.
const FLUSHED_IN: Duration = Duration::from_secs(75);
/// No call that does not wait takes that long, but for a busy machine.
const SLOW: Duration = Duration::from_millis(5);

/// The whole of a producer's process.
pub(crate) fn produce() {
    let assignment: Assignment = serde_json::from_str(&env::var(ASSIGNMENT).unwrap()).unwrap();
    // Some jobs panic; to look up the names for a trace takes more memory than all the rest.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    let log = tracing_subscriber::registry().with(stream_events_tracing::layer());
    log.init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let builder = Publisher::builder()
            .url(&assignment.url)
            .queue_bytes(assignment.queue_bytes)
            .replay_bytes(assignment.replay_bytes)
            .publish_timeout(Duration::from_secs(2))
            .lease(assignment.lease);
        let builder = match assignment.delivery_timeout {
            Some(timeout) => builder.delivery_timeout(timeout),
            None => builder,
        };
        let builder = match &assignment.spool {
            Some(folder) => builder.spool(folder),
            None => builder,
        };
        let publisher = builder.connect().unwrap();
        let installed = publisher.clone().install();
        let producer = Arc::new(Producer {
            pen: Pen::new(&assignment.history()),
            assignment,
            publisher,
            calls: Default::default(),
            flushes: AtomicU64::new(0),
        });
        producer.work().await;
        drop(installed);
    });
}

impl Producer {
    async fn work(self: &Arc<Self>) {
        let long = tokio::spawn(jobs::long(Arc::clone(self)));
        let mut slots: Vec<_> = (0..AT_ONCE)
            .map(|slot| tokio::spawn(Arc::clone(self).slot(slot)))
            .collect();
        slots.push(long);
        while !self.is_told(Order::Finish) {
            self.obey();
            tokio::time::sleep(LOOK).await;
            self.flush(None, Duration::from_millis(500)).await;
            self.measure();
        }
        for slot in slots {
            slot.await.unwrap();
        }
        self.flush(None, FLUSHED_IN).await;
        self.measure();
        let report = self.publisher.shutdown(FLUSHED_IN).await;
        assert!(report.complete, "{report}");
        let how = CLEAN.to_owned();
        self.pen.write(What::Leaves { how });
    }

    /// One run after another.
    async fn slot(self: Arc<Self>, slot: u64) {
        let of = &self.assignment;
        let part = (of.producer * 1000 + of.generation) as u64 * AT_ONCE + slot;
        let mut random = Random::of(of.seed, part);
        for n in 0.. {
            if self.is_told(Order::Finish) {
                return;
            }
            let job = match &of.occupied {
                // Each process of the producer has a run of this job.
                _ if n == 0 => format!("again_{}_{slot}", of.producer),
                Some(occupied) if random.percent(3) => occupied.clone(),
                _ => format!("job_{}_{slot}_{}", of.name(), n / 2),
            };
            let token = format!("{TOKEN}{}-{slot}-{n}", of.name());
            let may_be_refused = of.queue_bytes < SMALL;
            let plan = Plan::new(job, token, may_be_refused, &mut random);
            jobs::run(&self, plan).await;
        }
    }

    /// Ends here where it is told to.
    fn obey(&self) {
        if self.is_told(Order::Exit) {
            std::process::exit(0);
        }
        if self.is_told(Order::Abort) {
            std::process::abort();
        }
    }

    pub(crate) fn is_told(&self, order: Order) -> bool {
        self.assignment.is_told(order)
    }

    /// Says what is emitted next.
    pub(crate) fn emits(&self, plan: &Plan, kind: &str, index: u64) -> Mark {
        let mark = Mark::new(&plan.token, kind, index);
        let line = What::Emits {
            job: plan.job.clone(),
            awaits: plan.awaits(),
            mark: mark.clone(),
        };
        self.pen.write(line);
        mark
    }

    /// Makes a call that must not wait.
    pub(crate) fn timed<T>(&self, call: impl FnOnce() -> T) -> T {
        let (stood, begun) = (support::ready_for(), Instant::now());
        let result = call();
        // It is not to blame for the time in which others had the processor.
        let took = begun.elapsed().saturating_sub(support::ready_for() - stood);
        let micros = took.as_micros() as u64;
        let class = (u64::BITS - micros.leading_zeros()) as usize;
        self.calls[class.min(self.calls.len() - 1)].fetch_add(1, Relaxed);
        if took > SLOW {
            self.pen.write(What::Slow { micros });
        }
        result
    }

    /// Of all runs that are done, and of this one.
    pub(crate) async fn flush(&self, plan: Option<&Plan>, time: Duration) {
        let number = self.flushes.fetch_add(1, Relaxed);
        let token = plan.map(|plan| plan.token.clone());
        self.pen.write(What::Flushes { number, token });
        let counts: Counts = self.publisher.flush(time).await.into();
        self.pen.write(What::Flushed { number, counts });
    }

    fn measure(&self) {
        let calls = self.calls.iter().map(|calls| calls.load(Relaxed));
        self.pen.write(What::Measured {
            calls: calls.collect(),
            memory: memory_peak(),
        });
    }
}

/// How often a producer looks for orders.
const LOOK: Duration = Duration::from_millis(100);
/// A queue of less than this may be too full for a run to begin.
const SMALL: usize = 1024 * 1024;
