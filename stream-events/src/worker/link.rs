//! The worker's connection: opened, lost, opened again, with what is on its way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backon::ExponentialBackoff;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use crate::backoff;
use crate::delivery::{Answer, BatchId, Command, Look};
use crate::store::{Append, BoxFuture, Class, Connection, Fault, Purpose, Store};

pub(super) struct Link {
    store: Arc<dyn Store>,
    state: State,
    waits: ExponentialBackoff,
    lost_at: Option<Instant>,
    requests: usize,
}

enum State {
    Waiting(Instant),
    Connecting(BoxFuture<'static, Result<Box<dyn Connection>, Fault>>),
    Up {
        connection: Box<dyn Connection>,
        in_flight: FuturesUnordered<BoxFuture<'static, Result<Answers, Fault>>>,
    },
}

type Answers = Vec<(BatchId, Answer)>;

pub(super) enum LinkEvent {
    /// There is a connection, after so long without one if there was one to lose.
    Connected {
        after: Option<Duration>,
    },
    Answers(Answers),
    /// There is none; for the first time since the last one.
    Lost {
        why: String,
        is_first: bool,
    },
}

impl Link {
    pub(super) fn new(store: Arc<dyn Store>, requests: usize) -> Self {
        let state = connecting(&store);
        Self {
            store,
            state,
            waits: backoff::waits(),
            lost_at: None,
            requests,
        }
    }

    /// Whether a request can be sent now.
    pub(super) fn has_room(&self) -> bool {
        matches!(&self.state, State::Up { in_flight, .. } if in_flight.len() < self.requests)
    }

    /// Sends the commands, appends in one request. Only where there is [room](Self::has_room).
    pub(super) fn send(&mut self, commands: Vec<(BatchId, Command)>) {
        let State::Up {
            connection,
            in_flight,
        } = &mut self.state
        else {
            return;
        };
        let mut ids = Vec::with_capacity(commands.len());
        let mut appends = Vec::with_capacity(commands.len());
        for (id, command) in commands {
            match command {
                Command::Append(append) => {
                    ids.push(id);
                    appends.push(append);
                }
                Command::Look(command) => in_flight.push(look(&**connection, id, &command)),
            }
        }
        if !appends.is_empty() {
            in_flight.push(append(&**connection, ids, appends));
        }
    }

    /// What happens next. Nothing is lost when this is dropped and called again.
    pub(super) async fn event(&mut self) -> LinkEvent {
        loop {
            match &mut self.state {
                State::Waiting(until) => {
                    tokio::time::sleep_until((*until).into()).await;
                    self.state = connecting(&self.store);
                }
                State::Connecting(connection) => match connection.await {
                    Ok(connection) => return self.connected(connection),
                    Err(fault) => return self.lost(fault),
                },
                State::Up { in_flight, .. } => match in_flight.next().await {
                    Some(Ok(answers)) => {
                        // Only an answer shows that the store is well: one that lets us in and then
                        // fails is not hurried.
                        self.waits = backoff::waits();
                        return LinkEvent::Answers(answers);
                    }
                    Some(Err(fault)) => return self.lost(fault),
                    None => std::future::pending().await,
                },
            }
        }
    }

    fn connected(&mut self, connection: Box<dyn Connection>) -> LinkEvent {
        self.state = State::Up {
            connection,
            in_flight: FuturesUnordered::new(),
        };
        LinkEvent::Connected {
            after: self.lost_at.take().map(|lost_at| lost_at.elapsed()),
        }
    }

    fn lost(&mut self, fault: Fault) -> LinkEvent {
        let is_first = self.lost_at.is_none();
        self.lost_at.get_or_insert_with(Instant::now);
        let wait = backoff::next(&mut self.waits);
        self.state = State::Waiting(Instant::now() + wait);
        LinkEvent::Lost {
            why: fault.why,
            is_first,
        }
    }
}

fn connecting(store: &Arc<dyn Store>) -> State {
    let store = Arc::clone(store);
    State::Connecting(Box::pin(
        async move { store.connect(Purpose::Prompt).await },
    ))
}

fn append(
    connection: &dyn Connection,
    ids: Vec<BatchId>,
    appends: Vec<Arc<Append>>,
) -> BoxFuture<'static, Result<Answers, Fault>> {
    let appended = connection.append(appends);
    Box::pin(async move {
        Ok(ids
            .into_iter()
            .zip(appended.await?.into_iter().map(Answer::Appended))
            .collect())
    })
}

/// Looks at a stream where it refused ids of ours.
fn look(
    connection: &dyn Connection,
    id: BatchId,
    command: &Look,
) -> BoxFuture<'static, Result<Answers, Fault>> {
    let entries = connection.range(&command.key, command.from, command.to, command.count);
    let info = connection.info(&command.key);
    Box::pin(async move {
        let seen = async {
            Ok(Answer::Seen {
                entries: entries.await?,
                info: info.await?.map(Box::new),
            })
        };
        match seen.await as Result<Answer, Fault> {
            Err(fault) if fault.class == Class::Connection => Err(fault),
            Err(fault) => Ok(vec![(id, Answer::Refused(fault))]),
            Ok(answer) => Ok(vec![(id, answer)]),
        }
    })
}
