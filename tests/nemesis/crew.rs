//! The producers at work, each a process with others before it.

use std::time::Duration;

use support::{Program, Proxy, Rule, Running, Way};

use crate::evidence::Life;
use crate::history::{self, now};
use crate::lanes::USER;
use crate::producer::{Assignment, Order};

pub(crate) struct Crew<'a> {
    proxies: &'a [Proxy],
    /// The test that plays a producer.
    test: &'static str,
    at_work: Vec<Option<Running>>,
    /// Those that follow next.
    next: Vec<Assignment>,
    lives: Vec<Life>,
    /// How often each was frozen.
    stops: Vec<Vec<(u64, u64)>>,
    patience: Duration,
    /// Called with each process that starts.
    started: Box<dyn Fn(&Assignment) + Send>,
}

impl<'a> Crew<'a> {
    /// Starts one for each URL; by way of a proxy each, where there are some.
    pub(crate) fn start_all(
        test: &'static str,
        urls: Vec<String>,
        proxies: &'a [Proxy],
        like: &Assignment,
        patience: Duration,
        started: impl Fn(&Assignment) + Send + 'static,
    ) -> Self {
        let assignment = |(producer, url): (usize, String)| Assignment {
            url,
            producer,
            queue_bytes: KINDS[producer % KINDS.len()].queue_bytes,
            delivery_timeout: KINDS[producer % KINDS.len()].delivery_timeout,
            spool: KINDS[producer % KINDS.len()]
                .has_spool
                .then(|| like.folder.join("spool")),
            ..like.clone()
        };
        let next: Vec<_> = urls.into_iter().enumerate().map(assignment).collect();
        let mut crew = Self {
            proxies,
            test,
            at_work: next.iter().map(|_| None).collect(),
            lives: Vec::new(),
            stops: next.iter().map(|_| Vec::new()).collect(),
            next,
            patience,
            started: Box::new(started),
        };
        (0..crew.next.len()).for_each(|producer| crew.start(producer));
        crew
    }

    /// Starts the next process of a producer.
    pub(crate) fn start(&mut self, producer: usize) {
        let assignment = &mut self.next[producer];
        let mut program = Program::again(self.test, PRODUCES).patience(self.patience);
        for (name, value) in assignment.environment() {
            program = program.env(&name, value);
        }
        (self.started)(assignment);
        self.at_work[producer] = Some(program.start());
        assignment.generation += 1;
    }

    pub(crate) fn signal(&self, producer: usize, signal: &str) {
        self.at_work[producer].as_ref().unwrap().signal(signal);
    }

    /// What the process of a producer sends from now on is on its way.
    pub(crate) fn hold(&self, producer: usize) {
        self.proxies[producer].rule_old(Way::ToServer, Rule::Hold);
    }

    /// It arrives.
    pub(crate) fn let_go(&self, producer: usize) {
        self.proxies[producer].heal();
    }

    /// Up to now.
    pub(crate) fn stood_still(&mut self, producer: usize, from: u64) {
        self.stops[producer].push((from, now()));
    }

    /// Kills the process of a producer.
    pub(crate) fn kill(&mut self, producer: usize) {
        let running = self.at_work[producer].take().unwrap();
        running.signal("KILL");
        let exit = running.wait();
        assert_eq!(exit.status.code(), None, "it had ended: {}", exit.said);
        self.ended(producer);
    }

    /// Has the process of a producer end by itself, and waits until it has.
    pub(crate) fn tell(&mut self, producer: usize, order: Order) {
        self.last(producer).order(order);
        let exit = self.at_work[producer].take().unwrap().wait();
        match order {
            Order::Finish => exit.passed(),
            Order::Exit => assert_eq!(exit.status.code(), Some(0), "{}", exit.said),
            Order::Abort => assert_eq!(exit.status.code(), None, "{}", exit.said),
        }
        self.ended(producer);
    }

    /// Has all of them end their work.
    pub(crate) fn finish(&mut self) {
        let producers = 0..self.next.len();
        // At once: none waits for another.
        for producer in producers.clone() {
            self.last(producer).order(Order::Finish);
        }
        producers.for_each(|producer| self.tell(producer, Order::Finish));
    }

    fn ended(&mut self, producer: usize) {
        let assignment = self.last(producer);
        self.lives.push(Life {
            name: format!("producer {}", assignment.name()),
            lines: history::read(&assignment.history()),
            stops: std::mem::take(&mut self.stops[producer]),
            ended: now(),
        });
    }

    /// What the process of a producer was started with.
    fn last(&self, producer: usize) -> Assignment {
        let next = &self.next[producer];
        Assignment {
            generation: next.generation - 1,
            ..next.clone()
        }
    }

    /// All processes that there were; nobody is told of another one.
    pub(crate) fn into_lives(self) -> Vec<Life> {
        self.lives
    }

    /// How many processes a producer had.
    pub(crate) fn processes(&self, producer: usize) -> usize {
        self.next[producer].generation
    }
}

/// The server's URL by way of a proxy, as a user whose rights can be taken.
pub(crate) fn url(proxy: &Proxy) -> String {
    format!("redis://{USER}:secret@127.0.0.1:{}/", proxy.port())
}

/// What plays a producer.
pub(crate) const PRODUCES: &str = "produces";
/// What may wait, for how long, and whether its ends outlive the process.
struct Kind {
    queue_bytes: usize,
    delivery_timeout: Option<Duration>,
    has_spool: bool,
}

const KINDS: [Kind; 3] = [
    Kind {
        queue_bytes: 16 * 1024 * 1024,
        delivery_timeout: None,
        has_spool: true,
    },
    Kind {
        queue_bytes: 60_000,
        delivery_timeout: None,
        has_spool: false,
    },
    Kind {
        queue_bytes: 16 * 1024 * 1024,
        delivery_timeout: Some(Duration::from_millis(1500)),
        has_spool: true,
    },
];
