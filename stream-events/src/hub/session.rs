//! A connection and those who share it: a task that lives as long as both do.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::looks::{Looks, Question};
use super::news::News;
use super::rounds::Rounds;
use super::table::Table;
use super::topic::Read;
use crate::backoff;
use crate::store::{Class, Connection, Fault, Store};

/// A handle of it. It is never repaired: who finds it over asks for the next, and reads again from where
/// it was.
pub(super) struct Session {
    requests: mpsc::UnboundedSender<Request>,
    opened: watch::Receiver<Option<Opened>>,
}

type Opened = Result<Arc<dyn Connection>, Failed>;

#[derive(Clone)]
struct Failed {
    fault: Fault,
    at: Instant,
}

pub(super) enum Request {
    /// Somebody may read this stream, more than once.
    Enter(Arc<str>),
    Leave(Arc<str>),
    Read(Arc<str>, Read),
    Look(Question),
}

/// For how long a session that could not be opened stands for the next: thousands find it at once.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

impl Session {
    /// It belongs to the runtime that this is called in.
    pub(super) fn start(store: Arc<dyn Store>, prefix: &str) -> Self {
        let (requests, asked) = mpsc::unbounded_channel();
        let (open, opened) = watch::channel(None);
        tokio::spawn(run(store, prefix.to_owned(), asked, open));
        Self { requests, opened }
    }

    /// Whether it is still the one to be asked.
    pub(super) fn is_current(&self) -> bool {
        match &*self.opened.borrow() {
            Some(Err(failed)) => failed.at.elapsed() < again_after(failed.fault.class),
            _ => !self.requests.is_closed(),
        }
    }

    /// Its connection, once there is one.
    pub(super) async fn opened(&self) -> Result<Arc<dyn Connection>, Fault> {
        let mut opened = self.opened.clone();
        let opened = opened.wait_for(Option::is_some).await;
        match opened.ok().and_then(|opened| opened.clone()) {
            Some(opened) => opened.map_err(|failed| failed.fault),
            None => Err(Self::lost()),
        }
    }

    pub(super) fn ask(&self, request: Request) {
        // What is not taken is dropped, which says so to who waits for an answer.
        let _ = self.requests.send(request);
    }

    pub(super) fn requests(&self) -> mpsc::UnboundedSender<Request> {
        self.requests.clone()
    }

    pub(super) fn lost() -> Fault {
        Fault::new(Class::Connection, "the shared connection is lost")
    }
}

fn again_after(class: Class) -> Duration {
    match class {
        Class::Barred => backoff::DENIED,
        _ => AGAIN_AFTER,
    }
}

async fn run(
    store: Arc<dyn Store>,
    prefix: String,
    mut asked: mpsc::UnboundedReceiver<Request>,
    open: watch::Sender<Option<Opened>>,
) {
    let streams = format!("{prefix}:");
    let tracking = tokio::select! {
        tracking = store.track(&streams) => tracking,
        // Nobody asks before it is open: all have gone.
        _ = asked.recv() => return,
    };
    match tracking {
        Ok(tracking) => {
            let connection: Arc<dyn Connection> = tracking.connection.into();
            let news = match tracking.changes {
                Some(changes) => News::Told(changes),
                None => News::Asked(Rounds::new(store)),
            };
            open.send_replace(Some(Ok(Arc::clone(&connection))));
            drop(open);
            let looks = Looks::new();
            Table::new(connection, news, looks).serve(asked).await;
        }
        Err(fault) => {
            let at = Instant::now();
            open.send_replace(Some(Err(Failed { fault, at })));
        }
    }
}
