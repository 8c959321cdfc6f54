//! The thread that writes to the disk, and takes up what others have left there.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use super::book::{Book, Closed};
use super::record::{Name, Record};
use super::trouble::Trouble;
use super::{Leftover, Order, Told};

pub(super) struct Keeper {
    folder: PathBuf,
    store: String,
    tell: UnboundedSender<Told>,
    own: Own,
    /// Files that cannot be written any more. They stay locked: what stands there is of runs that are
    /// here.
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
#[derive(Default)]
struct Left {
    files: VecDeque<PathBuf>,
    /// The one that is at hand, and the last run that was given away of it.
    reading: Option<(Book, Option<Arc<str>>)>,
}

/// So many at a time.
const MOST_FORGOTTEN: usize = 10_000;
/// How long a folder is left alone in which nothing could be written.
const RETRY: Duration = Duration::from_secs(1);

impl Keeper {
    pub(super) fn new(folder: PathBuf, store: String, tell: UnboundedSender<Told>) -> Self {
        Self {
            folder,
            store,
            tell,
            own: Own::None,
            spent: Vec::new(),
            left: Left::default(),
        }
    }

    /// Until nobody orders any more. That a folder cannot be used is known before it is needed.
    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        self.left.files = Book::all(&self.folder).into();
        if let Err(why) = self.open().map(drop) {
            self.fail();
            self.tell(Told::Unusable(self.named(&why)));
        }
        let mut next = orders.recv().ok();
        while let Some(order) = next {
            next = match order {
                Order::Forget(names) => self.forget_all(names, orders),
                order => {
                    self.obey(order);
                    None
                }
            };
            next = next.or_else(|| orders.recv().ok());
        }
        self.leave();
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Keep(records) => self.keep(&records),
            Order::Forget(names) => self.forget(&names),
            Order::Restored(leftover) => self.restored(&leftover),
            Order::More => self.more(),
        }
    }

    /// With all that is to be forgotten by now, by one write; gives back what else comes then.
    fn forget_all(&mut self, mut names: Vec<Name>, orders: &Receiver<Order>) -> Option<Order> {
        let mut next = None;
        while next.is_none()
            && names.len() < MOST_FORGOTTEN
            && let Ok(order) = orders.try_recv()
        {
            match order {
                Order::Forget(more) => names.extend(more),
                order => next = Some(order),
            }
        }
        self.forget(&names);
        next
    }

    fn keep(&mut self, records: &[Record]) {
        let write = |book: &mut Book| book.keep(records).map_err(|trouble| trouble.why);
        let kept = self.open().and_then(write);
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
            && book.forget(names).is_err()
        {
            self.fail();
        }
        self.spent.iter_mut().for_each(|book| book.strike(names));
        let done = self.spent.extract_if(.., |book| book.is_done());
        done.for_each(Book::delete);
    }

    fn open(&mut self) -> Result<&mut Book, String> {
        match &self.own {
            Own::Open(_) => {}
            Own::Failed(at) if at.elapsed() < RETRY => {
                return Err("it could not be written to just now".to_owned());
            }
            Own::Failed(_) | Own::None => {
                let book = Book::create(&self.folder, &self.store);
                self.own = Own::Open(book.map_err(|trouble| trouble.why)?);
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
            Own::Open(book) if book.is_done() => book.delete(),
            Own::Open(book) => self.spent.push(book),
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
                    Err(trouble) => self.put_aside(&trouble),
                }
            }
            let Some(path) = self.left.files.pop_front() else {
                return Vec::new();
            };
            match Book::take_up(path.clone(), &self.store) {
                Ok(book) => self.left.reading = Some((book, None)),
                Err(Closed::InUse | Closed::Gone) => {}
                Err(Closed::Foreign(store)) => self.tell(Told::Foreign { file: path, store }),
                Err(Closed::Trouble(trouble)) => self.trouble(path, &trouble),
            }
        }
    }

    /// One run is where it belongs.
    fn restored(&mut self, leftover: &Leftover) {
        let Some((book, _)) = &mut self.left.reading else {
            return;
        };
        // What cannot be forgotten now is found on its stream by whoever takes it up again.
        let _ = book.forget(&leftover.names());
    }

    /// A file that has been read through is of no more use; unless some of it could not be written to
    /// the store.
    fn close_left(&mut self) {
        if let Some((book, _)) = self.left.reading.take()
            && book.is_empty()
        {
            book.delete();
        }
    }

    fn put_aside(&mut self, trouble: &Trouble) {
        if let Some((book, _)) = self.left.reading.take() {
            let path = book.path.clone();
            drop(book);
            self.trouble(path, trouble);
        }
    }

    /// A file that is broken is put aside, so that it is not stumbled over each time, and an operator can
    /// look at it. What may pass is tried again by the next process.
    fn trouble(&self, path: PathBuf, trouble: &Trouble) {
        let (why, aside) = (trouble.why.clone(), path.with_extension("unreadable"));
        let is_aside = trouble.is_broken && std::fs::rename(&path, &aside).is_ok();
        let file = if is_aside { aside } else { path };
        self.tell(Told::Unreadable { file, why });
    }

    fn tell(&self, told: Told) {
        // Nobody listens any more where the publisher has ended.
        let _ = self.tell.send(told);
    }

    fn leave(mut self) {
        self.close_left();
        if let Own::Open(book) = self.own
            && book.is_done()
        {
            book.delete();
        }
    }
}

#[cfg(test)]
mod tests;
