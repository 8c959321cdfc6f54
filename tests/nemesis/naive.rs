//! Publishers and a reader as one would write them at first, each with one fault that the SDK is made to
//! be without: their real histories are what the checker has to find it in.

use std::collections::VecDeque;
use std::time::Duration;

use redis::{Client, Connection};
use serde_json::{Value, json};
use support::{RawEntry, TestRedis};

use crate::evidence::{CLEAN, Found, Life, Seen, View};
use crate::history::{Counts, Line, Mark, What, now};

/// The one job of them all, and its run.
pub(crate) const JOB: &str = "job_001";
pub(crate) const KEY: &str = "job_events:job_001";
const RUN: &str = "run_001";
pub(crate) const TOKEN: &str = "token-001";

/// A publisher that sends with `*`, once more where no answer came, and that waits for the store.
#[derive(Default)]
pub(crate) struct Naive {
    lines: Vec<Line>,
    queue: VecDeque<Value>,
    connection: Option<Connection>,
    next: u64,
    counts: Counts,
}

impl Naive {
    fn note(&mut self, what: What) {
        self.lines.push(Line { at: now(), what });
    }

    /// Writes down what is emitted next, and makes the event.
    pub(crate) fn event(&mut self, kind: &str) -> Value {
        let index = self.next;
        self.next += 1;
        self.note(What::Emits {
            job: JOB.to_owned(),
            awaits: false,
            mark: Mark::new(TOKEN, kind, index),
        });
        json!({"event_type": kind, "run": RUN, "seq": index, "label": TOKEN, "index": index})
    }

    /// Sends an event and waits for the answer; where that does not come in time, once more on a new
    /// connection.
    pub(crate) fn publish(&mut self, url: &str, kind: &str) {
        let event = self.event(kind);
        self.counts.emitted += 1;
        loop {
            let connection = self.connection.get_or_insert_with(|| connect(url));
            if add(connection, &event) {
                break;
            }
            self.connection = None;
        }
        self.counts.delivered += 1;
        self.note(What::Acked(Mark::new(TOKEN, kind, self.next - 1)));
    }

    /// Hands an event over, and counts it only then; what comes between the two is `meanwhile`.
    pub(crate) fn hand_over(&mut self, kind: &str, meanwhile: impl FnOnce(&mut Self)) {
        let event = self.event(kind);
        self.queue.push_back(event);
        meanwhile(self);
        self.counts.emitted += 1;
        self.counts.pending += 1;
    }

    /// Hands an event over where fewer wait than this; what its kind is does not matter.
    pub(crate) fn offer(&mut self, kind: &str, most: usize) {
        let event = self.event(kind);
        self.counts.emitted += 1;
        if self.queue.len() < most {
            self.queue.push_back(event);
            self.counts.pending += 1;
        } else {
            self.counts.dropped += 1;
        }
    }

    /// Sends so many of the events that wait.
    pub(crate) fn deliver(&mut self, url: &str, events: usize) {
        let mut connection = connect(url);
        for _ in 0..events {
            let event = self.queue.pop_front().unwrap();
            assert!(add(&mut connection, &event));
            self.counts.delivered += 1;
            self.counts.pending -= 1;
        }
    }

    /// A flush of all that was handed over; complete where nothing is counted as pending.
    pub(crate) fn flush(&mut self) {
        self.flushed(Counts {
            complete: self.counts.pending == 0,
            ..self.counts
        });
    }

    /// A flush with this report.
    pub(crate) fn flushed(&mut self, counts: Counts) {
        let token = Some(TOKEN.to_owned());
        self.note(What::Flushes { number: 1, token });
        self.note(What::Flushed { number: 1, counts });
    }

    /// Says that all is done, and ends.
    pub(crate) fn leave(mut self) -> Life {
        let how = CLEAN.to_owned();
        self.note(What::Leaves { how });
        Life {
            name: "naive".to_owned(),
            lines: self.lines,
            stops: Vec::new(),
            ended: now(),
        }
    }
}

fn add(connection: &mut Connection, event: &Value) -> bool {
    let kind = event["event_type"].as_str().unwrap();
    let mut command = redis::cmd("XADD");
    command.arg(KEY).arg("*").arg("data").arg(event.to_string());
    command.arg("timestamp").arg("").arg("event_type").arg(kind);
    command.exec(connection).is_ok()
}

fn connect(url: &str) -> Connection {
    let connection = Client::open(url).unwrap().get_connection().unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    connection
}

/// How long it waits for an answer.
const PATIENCE: Duration = Duration::from_millis(300);

/// An id, and names and values one after the other.
type Entry = (String, Vec<String>);

/// A reader that asks for what comes from now on, `$`, each time anew.
pub(crate) struct FromNow {
    connection: Connection,
    seen: Vec<Seen>,
}

impl FromNow {
    pub(crate) fn new(url: &str) -> Self {
        Self {
            connection: Client::open(url).unwrap().get_connection().unwrap(),
            seen: Vec::new(),
        }
    }

    /// One read; what is `written` comes while it waits.
    pub(crate) fn read(&mut self, server: &TestRedis, write: impl FnOnce()) {
        let connection = &mut self.connection;
        let entries = std::thread::scope(|threads| {
            let reading = threads.spawn(|| {
                let mut command = redis::cmd("XREAD");
                command.arg("BLOCK").arg(0).arg("STREAMS").arg(KEY).arg("$");
                let streams: Vec<(String, Vec<Entry>)> = command.query(connection).unwrap();
                streams.into_iter().flat_map(|(_, entries)| entries)
            });
            while server.info("clients", "blocked_clients") != "1" {
                std::thread::yield_now();
            }
            write();
            reading.join().unwrap()
        });
        let found = entries.map(|entry| Seen::Event((&RawEntry::new(entry)).into()));
        self.seen.extend(found);
    }

    pub(crate) fn view(self) -> View {
        View {
            job: JOB.to_owned(),
            seen: self.seen,
            is_whole: true,
        }
    }
}

/// What stands on the stream.
pub(crate) fn stream(server: &TestRedis) -> Vec<Found> {
    server.entries(KEY).iter().map(Found::from).collect()
}
