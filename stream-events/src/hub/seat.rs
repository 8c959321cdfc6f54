//! A watch's place at the session that it shares.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::looks::Question;
use super::session::{Request, Session};
use super::topic::Read;
use crate::EventId;
use crate::event::Entry;
use crate::store::{BoxFuture, Connection, Fault, Lease};

/// Reads that wait go through the session; what is answered at once is asked of its connection.
pub(crate) struct Seat {
    session: Arc<Session>,
    connection: Arc<dyn Connection>,
    /// The stream that it waits for.
    place: Mutex<Option<Place>>,
    /// Whether there may be a long way to the newest entry.
    is_behind: Arc<AtomicBool>,
}

/// Keeps what the session knows of a stream, for as long as somebody may read it again.
struct Place {
    key: Arc<str>,
    requests: mpsc::UnboundedSender<Request>,
}

impl Seat {
    pub(super) fn new(session: Arc<Session>, connection: Arc<dyn Connection>) -> Self {
        Self {
            session,
            connection,
            place: Mutex::default(),
            is_behind: Arc::new(AtomicBool::new(true)),
        }
    }

    pub(crate) fn connection(&self) -> &(dyn Connection + 'static) {
        &*self.connection
    }

    /// As [`Connection::read`]. It may also return none before its time, where a stream that was there is
    /// gone.
    pub(crate) fn read(
        &self,
        key: &str,
        after: EventId,
        count: usize,
        wait: Duration,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>> {
        if wait.is_zero() {
            return match after {
                EventId::MAX => Box::pin(std::future::ready(Ok(Vec::new()))),
                _ => (self.connection).range(key, after.next(), EventId::MAX, count),
            };
        }
        let (tell, told) = oneshot::channel();
        let is_behind = Arc::clone(&self.is_behind);
        let read = Read {
            after,
            count,
            is_behind: is_behind.load(Relaxed),
            tell,
        };
        self.session.ask(Request::Read(self.place(key), read));
        Box::pin(async move {
            let page = match timeout(wait, told).await {
                Ok(Ok(page)) => page?,
                Ok(Err(_)) => return Err(Session::lost()),
                Err(_) => Vec::new(),
            };
            is_behind.store(page.len() >= count, Relaxed);
            Ok(page)
        })
    }

    /// Of these leases of one key, those that have run out. Asked together with others, a little later.
    pub(crate) fn expired(
        &self,
        leases: &Arc<str>,
        members: Vec<Arc<str>>,
    ) -> BoxFuture<'static, Result<Vec<Lease>, Fault>> {
        let leases = Arc::clone(leases);
        self.look(|tell| Question::Leases(leases, members, tell))
    }

    /// The last id that a stream has given out of which this was seen; none where there is none. Asked
    /// likewise.
    pub(crate) fn last_id(
        &self,
        key: &str,
        seen: EventId,
    ) -> BoxFuture<'static, Result<Option<EventId>, Fault>> {
        let key = self.place(key);
        self.look(|tell| Question::Stream(key, seen, tell))
    }

    fn look<T: Send + 'static>(
        &self,
        question: impl FnOnce(oneshot::Sender<Result<T, Fault>>) -> Question,
    ) -> BoxFuture<'static, Result<T, Fault>> {
        let (tell, told) = oneshot::channel();
        self.session.ask(Request::Look(question(tell)));
        Box::pin(async move { told.await.unwrap_or_else(|_| Err(Session::lost())) })
    }

    fn place(&self, key: &str) -> Arc<str> {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        let at = match place.take().filter(|place| *place.key == *key) {
            Some(place) => place,
            None => Place::take(key.into(), self.session.requests()),
        };
        Arc::clone(&place.insert(at).key)
    }
}

impl Place {
    fn take(key: Arc<str>, requests: mpsc::UnboundedSender<Request>) -> Self {
        // A session that is over hears nothing, and answers nothing that is asked next.
        let _ = requests.send(Request::Enter(Arc::clone(&key)));
        Self { key, requests }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.requests.send(Request::Leave(Arc::clone(&self.key)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_left_as_often_as_it_was_taken() {
        let (requests, mut asked) = mpsc::unbounded_channel();
        let key: Arc<str> = "job_events:0".into();
        drop(Place::take(Arc::clone(&key), requests));
        let is_of = |other: &Arc<str>| *other == key;
        assert!(matches!(asked.try_recv(), Ok(Request::Enter(key)) if is_of(&key)));
        assert!(matches!(asked.try_recv(), Ok(Request::Leave(key)) if is_of(&key)));
        assert!(asked.try_recv().is_err());
    }
}
