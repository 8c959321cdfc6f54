//! The log, spoken to from a thread of its own: a subscriber that blocks or panics stops no delivery.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};

use super::notice::Notice;

/// Notices that may wait for a log that blocks; of more, the new ones are left out.
const WAITING: usize = 64;

#[derive(Default)]
pub(super) struct Log {
    /// None until there is something to say.
    lines: Option<Sender<Line>>,
    waiting: Arc<AtomicUsize>,
}

enum Line {
    Notice(Notice),
    Ticket(Ticket),
}

/// Is dropped when it is its turn, or cannot be any more: one side of a channel, for whoever waits.
pub(crate) struct Ticket(#[expect(dead_code, reason = "that it is dropped is all")] Box<dyn Send>);

impl Ticket {
    pub(crate) fn new(sender: impl Send + 'static) -> Self {
        Self(Box::new(sender))
    }
}

impl Log {
    pub(super) fn say(&mut self, notice: Notice) {
        if self.waiting.load(Relaxed) >= WAITING {
            return;
        }
        let lines = self.lines.get_or_insert_with(|| {
            let (sender, receiver) = channel();
            let waiting = Arc::clone(&self.waiting);
            let thread = std::thread::Builder::new().name("stream-events-log".to_owned());
            // Without a thread there is no log, and no fewer events.
            let _ = thread.spawn(move || tell_all(receiver, &waiting));
            sender
        });
        self.waiting.fetch_add(1, Relaxed);
        let _ = lines.send(Line::Notice(notice));
    }

    /// Drops this once all that was said has been told.
    pub(super) fn pass(&self, ticket: Ticket) {
        if let Some(lines) = &self.lines {
            let _ = lines.send(Line::Ticket(ticket));
        }
    }
}

fn tell_all(lines: Receiver<Line>, waiting: &AtomicUsize) {
    for line in lines {
        match line {
            Line::Notice(notice) => {
                waiting.fetch_sub(1, Relaxed);
                // A subscriber that panics has had its chance.
                let _ = catch_unwind(AssertUnwindSafe(|| notice.tell()));
            }
            Line::Ticket(ticket) => drop(ticket),
        }
    }
}
