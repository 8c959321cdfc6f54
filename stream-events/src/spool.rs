//! Lifecycle events on disk while the store is away, in case this process is killed before it is back.
//!
//! Memory stays the place that events are delivered from; what stands here is a copy. Each process
//! has a file of its own in the folder, which it locks: what it leaves behind is taken up by the next
//! that starts there.

#[cfg(feature = "spool")]
mod book;
#[cfg(feature = "spool")]
mod keeper;
mod leftover;
#[cfg(feature = "spool")]
mod private;
mod record;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(feature = "spool")]
mod trouble;

use std::path::PathBuf;
use std::sync::mpsc::Sender;

use tokio::sync::mpsc::UnboundedReceiver;

pub(crate) use leftover::Leftover;
pub(crate) use record::{Name, Record};

/// A publisher's way to its spool: a thread of its own, so that a disk that hangs holds up no
/// delivery.
#[derive(Debug)]
pub(crate) struct Spool {
    orders: Sender<Order>,
    told: UnboundedReceiver<Told>,
}

/// What the worker wants. Done in this order.
#[derive(Debug)]
pub(super) enum Order {
    /// To be on the disk when it is answered.
    Keep(Vec<Record>),
    /// These have their outcome.
    Forget(Vec<Name>),
    /// This is where it belongs now.
    Restored(Leftover),
    /// More of what others have left.
    More,
}

/// What comes of it.
#[derive(Debug)]
pub(crate) enum Told {
    Kept,
    /// Nothing can be kept just now, and why.
    Unusable(String),
    /// The events that were to be kept are in memory alone, and why.
    NotKept(String),
    /// What others have left; none where that is all.
    Left(Vec<Leftover>),
    /// A file that holds events of another store is left alone.
    Foreign {
        file: PathBuf,
        store: String,
    },
    /// A file cannot be read, and why. One that is broken was put aside.
    Unreadable {
        file: PathBuf,
        why: String,
    },
}

impl Spool {
    /// Opens the spool in this folder, for events of this store. What goes wrong with it is told when
    /// there is something to keep.
    #[cfg(feature = "spool")]
    pub(crate) fn open(folder: PathBuf, store: String) -> Self {
        let (orders, ordered) = std::sync::mpsc::channel();
        let (tell, told) = tokio::sync::mpsc::unbounded_channel();
        let keeper = keeper::Keeper::new(folder, store, tell);
        let thread = std::thread::Builder::new().name("stream-events-spool".to_owned());
        // Without a thread `told` is closed, which says so.
        let _ = thread.spawn(move || keeper.run(&ordered));
        let spool = Self { orders, told };
        spool.more();
        spool
    }

    pub(crate) fn keep(&self, records: Vec<Record>) {
        self.order(Order::Keep(records));
    }

    pub(crate) fn forget(&self, names: Vec<Name>) {
        self.order(Order::Forget(names));
    }

    pub(crate) fn restored(&self, leftover: Leftover) {
        self.order(Order::Restored(leftover));
    }

    pub(crate) fn more(&self) {
        self.order(Order::More);
    }

    /// What comes next of what was ordered; none where the thread is gone. Nothing is lost when this
    /// is dropped and called again.
    pub(crate) async fn told(&mut self) -> Option<Told> {
        self.told.recv().await
    }

    /// Waits until all that was ordered is done, and the file closed.
    pub(crate) async fn close(mut self) {
        drop(self.orders);
        while self.told.recv().await.is_some() {}
    }

    fn order(&self, order: Order) {
        // Without a thread nothing is kept, which `told` says.
        let _ = self.orders.send(order);
    }
}
