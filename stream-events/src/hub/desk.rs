//! Where watches ask for the connection that they share.

use std::sync::{Arc, Mutex, PoisonError};

use super::seat::Seat;
use super::session::Session;
use crate::store::{Fault, Store};

/// Of one store and prefix. It has one session at a time: the next is opened by who asks once the last is
/// over.
pub(crate) struct Desk {
    store: Arc<dyn Store>,
    prefix: Arc<str>,
    session: Mutex<Option<Arc<Session>>>,
}

impl Desk {
    pub(crate) fn new(store: Arc<dyn Store>, prefix: Arc<str>) -> Self {
        Self {
            store,
            prefix,
            session: Mutex::default(),
        }
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(super) fn prefix(&self) -> Arc<str> {
        Arc::clone(&self.prefix)
    }

    /// A seat at the session, once it is open.
    pub(crate) async fn open(&self) -> Result<Seat, Fault> {
        let session = self.session();
        let connection = session.opened().await?;
        Ok(Seat::new(session, connection))
    }

    fn session(&self) -> Arc<Session> {
        let mut current = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        match current.as_ref().filter(|session| session.is_current()) {
            Some(session) => Arc::clone(session),
            None => {
                let session = Session::start(Arc::clone(&self.store), &self.prefix);
                Arc::clone(current.insert(Arc::new(session)))
            }
        }
    }
}
