//! A store that is not as it was a moment ago.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::EventId;
use crate::event::Entry;
use crate::settings::Durability;
use crate::store::{
    Append, Appended, BoxFuture, Class, Connection, Fault, Groups, Lease, LeaseTurn, Leased,
    NewEntry, Purpose, StoreUrl, StreamInfo,
};

/// A store before whose appends and after whose looks others write, or its stream goes.
pub(super) struct Raced {
    pub(super) inner: Box<dyn Connection>,
    others: Mutex<Vec<Append>>,
    /// The server that has the stream from the first append on that finds it there no more.
    next: Option<Box<dyn Connection>>,
    has_moved: AtomicBool,
}

/// Of a memory of its own.
pub(super) async fn raced(name: &str, others: Vec<Append>) -> Raced {
    let store = StoreUrl::new(format!("memory:{name}")).open().unwrap();
    // The name is free again with the store, which the connection does not hold.
    let inner = store.connect(Purpose::Prompt).await.unwrap();
    Raced {
        inner,
        others: Mutex::new(others),
        next: None,
        has_moved: AtomicBool::new(false),
    }
}

impl Raced {
    pub(super) fn moves_to(self, next: Self) -> Self {
        Self {
            next: Some(next.inner),
            ..self
        }
    }

    fn server(&self) -> &dyn Connection {
        match &self.next {
            Some(next) if self.has_moved.load(Relaxed) => &**next,
            _ => &*self.inner,
        }
    }

    fn meet_another(&self) {
        let other = self.others.lock().unwrap().pop();
        drop(other.map(|other| self.inner.append(vec![Arc::new(other)])));
    }
}

impl Connection for Raced {
    fn append(&self, batch: Vec<Arc<Append>>) -> BoxFuture<'static, Result<Vec<Appended>, Fault>> {
        self.meet_another();
        self.inner.append(batch)
    }

    fn extend(
        &self,
        key: &str,
        entry: NewEntry,
    ) -> BoxFuture<'static, Result<Option<EventId>, Fault>> {
        self.meet_another();
        if self.next.is_some() && !self.has_moved.swap(true, Relaxed) {
            let moved = Fault::new(Class::Elsewhere, "MOVED 1 another");
            return Box::pin(std::future::ready(Err(moved)));
        }
        self.server().extend(key, entry)
    }

    fn range(
        &self,
        _: &str,
        _: EventId,
        _: EventId,
        _: usize,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>> {
        unreachable!("nothing is read forwards")
    }

    fn tail(
        &self,
        key: &str,
        from: EventId,
        to: EventId,
        count: usize,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>> {
        self.server().tail(key, from, to, count)
    }

    fn read(
        &self,
        _: &str,
        _: EventId,
        _: usize,
        _: Duration,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>> {
        unreachable!("nothing is waited for")
    }

    fn epoch(&self) -> BoxFuture<'static, Result<Option<String>, Fault>> {
        unreachable!("nothing is replayed")
    }

    fn groups(&self) -> Box<dyn Groups> {
        unreachable!("nobody is in a group")
    }

    fn evicts(&self) -> BoxFuture<'static, Result<Option<String>, Fault>> {
        unreachable!("nothing is said of it")
    }

    fn confirm(
        &self,
        _: &[(&str, Duration)],
        _: Durability,
    ) -> BoxFuture<'static, Result<Vec<Result<bool, Fault>>, Fault>> {
        unreachable!("nothing is made durable")
    }

    fn info(&self, key: &str) -> BoxFuture<'static, Result<Option<StreamInfo>, Fault>> {
        self.server().info(key)
    }

    fn lease(&self, turn: Arc<LeaseTurn>) -> BoxFuture<'static, Result<Leased, Fault>> {
        self.inner.lease(turn)
    }

    fn expired(
        &self,
        _: &str,
        _: usize,
        _: usize,
    ) -> BoxFuture<'static, Result<Vec<Lease>, Fault>> {
        unreachable!("no lease is asked for")
    }

    fn leased(&self, _: &str, _: usize) -> BoxFuture<'static, Result<Vec<Arc<str>>, Fault>> {
        unreachable!("no lease is looked for")
    }

    fn expired_one(&self, _: &str, _: &str) -> BoxFuture<'static, Result<Option<Lease>, Fault>> {
        unreachable!("no lease is asked for")
    }
}
