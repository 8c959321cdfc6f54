//! The thread that writes to the disk, and takes up what others have left there.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use super::book::{Book, Closed};
use super::record::{Name, Record};
use super::{Leftover, Order, Told};

pub(super) struct Keeper {
    folder: PathBuf,
    store: String,
    tell: UnboundedSender<Told>,
    own: Own,
    /// Files that could not be written any more. They stay locked: what stands there is of runs that
    /// are here.
    spent: Vec<Book>,
    left: Left,
}

/// The file that this process writes.
enum Own {
    Open(Book),
    Failed(Instant),
    None,
}

/// What others have left.
struct Left {
    files: VecDeque<PathBuf>,
    /// The one that is at hand, and the last run that was given away of it.
    reading: Option<(Book, Option<Arc<str>>)>,
}

/// How long a folder is left alone in which nothing could be written.
const RETRY: Duration = Duration::from_secs(1);

impl Keeper {
    pub(super) fn new(folder: PathBuf, store: String, tell: UnboundedSender<Told>) -> Self {
        let left = Left {
            files: Book::all(&folder).into(),
            reading: None,
        };
        Self {
            folder,
            store,
            tell,
            own: Own::None,
            spent: Vec::new(),
            left,
        }
    }

    /// Until nobody orders any more. That a folder cannot be used is known before it is needed.
    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        if let Err(why) = self.open().map(drop) {
            self.fail();
            self.tell(Told::Unusable(self.named(&why)));
        }
        while let Ok(order) = orders.recv() {
            match order {
                Order::Keep(records) => self.keep(&records),
                Order::Forget(names) => self.forget(&names),
                Order::Restored(leftover) => self.restored(&leftover),
                Order::More => self.more(),
            }
        }
        self.leave();
    }

    fn keep(&mut self, records: &[Record]) {
        let kept = self.open().and_then(|book| book.write(records, &[]));
        let told = match kept {
            Ok(()) => Told::Kept,
            Err(why) => {
                self.fail();
                Told::NotKept(self.named(&why))
            }
        };
        self.tell(told);
    }

    /// What cannot be forgotten just now is found out by the next process: it is on its stream.
    fn forget(&mut self, names: &[Name]) {
        if let Own::Open(book) = &mut self.own
            && book.write(&[], names).is_err()
        {
            self.fail();
        }
    }

    fn open(&mut self) -> Result<&mut Book, String> {
        match &self.own {
            Own::Open(_) => {}
            Own::Failed(at) if at.elapsed() < RETRY => {
                return Err("it could not be written to just now".to_owned());
            }
            Own::Failed(_) | Own::None => {
                self.own = Own::Open(Book::create(&self.folder, &self.store)?);
            }
        }
        match &mut self.own {
            Own::Open(book) => Ok(book),
            Own::Failed(_) | Own::None => Err("there is no file".to_owned()),
        }
    }

    fn named(&self, why: &str) -> String {
        format!("{}: {why}", self.folder.display())
    }

    fn fail(&mut self) {
        // The time that counts is that of the first failure in a row.
        if matches!(self.own, Own::Failed(at) if at.elapsed() < RETRY) {
            return;
        }
        match std::mem::replace(&mut self.own, Own::Failed(Instant::now())) {
            Own::Open(book) if book.is_used => self.spent.push(book),
            Own::Open(book) => {
                // It may be that this fails too: then it is empty, and of no account.
                let _ = book.delete();
            }
            Own::Failed(_) | Own::None => {}
        }
    }

    /// The next piece of what others have left.
    fn more(&mut self) {
        let runs = self.next_leftovers();
        self.tell(Told::Left(runs));
    }

    fn next_leftovers(&mut self) -> Vec<Leftover> {
        loop {
            if let Some((book, after)) = &mut self.left.reading {
                match book.leftovers(after.as_deref()) {
                    Ok(runs) if !runs.is_empty() => {
                        *after = runs.last().map(|run| Arc::clone(&run.run));
                        return runs;
                    }
                    Ok(_none) => self.close_left(),
                    Err(why) => self.put_aside(why),
                }
            }
            let Some(path) = self.left.files.pop_front() else {
                return Vec::new();
            };
            match Book::take_up(path.clone(), &self.store) {
                Ok(book) => self.left.reading = Some((book, None)),
                Err(Closed::InUse | Closed::Foreign) => {}
                Err(Closed::Unreadable(why)) => self.quarantine(path, why),
            }
        }
    }

    /// One run is where it belongs.
    fn restored(&mut self, leftover: &Leftover) {
        let Some((book, _)) = &mut self.left.reading else {
            return;
        };
        if let Err(why) = book.write(&[], &leftover.names()) {
            self.put_aside(why);
        }
    }

    /// A file that has been read through is of no more use; unless some of it could not be written to
    /// the store.
    fn close_left(&mut self) {
        if let Some((book, _)) = self.left.reading.take()
            && book.is_empty() == Ok(true)
        {
            // It is empty either way.
            let _ = book.delete();
        }
    }

    fn put_aside(&mut self, why: String) {
        if let Some((book, _)) = self.left.reading.take() {
            let path = book.path.clone();
            drop(book);
            self.quarantine(path, why);
        }
    }

    /// So that it is not stumbled over each time, and an operator can look at it.
    fn quarantine(&self, path: PathBuf, why: String) {
        let file = path.with_extension("unreadable");
        let moved = std::fs::rename(&path, &file);
        let file = if moved.is_ok() { file } else { path };
        self.tell(Told::Unreadable { file, why });
    }

    fn tell(&self, told: Told) {
        // Nobody listens any more where the publisher has ended.
        let _ = self.tell.send(told);
    }

    fn leave(mut self) {
        self.close_left();
        if let Own::Open(book) = self.own
            && book.is_empty() == Ok(true)
        {
            let _ = book.delete();
        }
    }
}
