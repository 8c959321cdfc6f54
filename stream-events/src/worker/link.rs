//! The worker's connection: opened, lost, opened again, with what is on its way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backon::ExponentialBackoff;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::errand::{self, Answers};
use super::few::Few;
use super::index::Piece;
use super::leases::Ask;
use crate::backoff;
use crate::delivery::{BatchId, Command, Epoch};
use crate::settings::{Durability, Settings};
use crate::spool::Leftover;
use crate::store::{BoxFuture, Class, Connection, Fault, Purpose, Store};

pub(super) struct Link {
    store: Arc<dyn Store>,
    purpose: Purpose,
    /// What the connection is for beside that, if anything.
    level: Option<Durability>,
    state: State,
    waits: ExponentialBackoff,
    lost_at: Option<Instant>,
    /// Since when something has been asked of the store, and nothing has come back.
    waits_since: Option<Instant>,
    requests: usize,
}

enum State {
    Waiting(Instant),
    Connecting(BoxFuture<'static, Result<Opened, Fault>>),
    Up {
        connection: Arc<dyn Connection>,
        in_flight: FuturesUnordered<BoxFuture<'static, Result<Answers, Fault>>>,
    },
}

/// A connection, and what was learnt of the store when it was opened.
pub(super) struct Opened {
    connection: Box<dyn Connection>,
    epoch: Option<Epoch>,
    /// Why it will not be known when the store has lost what it had.
    untold: Option<Fault>,
    /// How the store throws streams away, where it does.
    evicts: Option<String>,
    /// Why it does not take what belongs together in one piece.
    splits: Option<Fault>,
    /// Why the store cannot make durable what it is given, where that is wanted and so.
    lacks: Option<String>,
}

pub(super) enum LinkEvent {
    /// There is a connection, after so long without one if there was one to lose.
    Connected {
        after: Option<Duration>,
        epoch: Option<Epoch>,
        untold: Option<Fault>,
        evicts: Option<String>,
        splits: Option<Fault>,
        lacks: Option<String>,
    },
    Answers(Answers),
    /// There is none; for the first time since the last one.
    Lost {
        why: String,
        is_first: bool,
        /// Whether the store has said that it is to be left.
        is_answer: bool,
    },
}

impl Link {
    /// The way for events.
    pub(super) fn new(store: Arc<dyn Store>, requests: usize) -> Self {
        Self::of(store, Purpose::Prompt, None, requests)
    }

    /// The way on which to wait for them to be durable.
    pub(super) fn durable(store: Arc<dyn Store>, level: Durability) -> Self {
        // Who asks sees to it that no server has several at a time.
        Self::of(store, Purpose::Durable, Some(level), usize::MAX)
    }

    fn of(
        store: Arc<dyn Store>,
        purpose: Purpose,
        level: Option<Durability>,
        requests: usize,
    ) -> Self {
        let state = connecting(&store, purpose, level);
        Self {
            store,
            purpose,
            level,
            state,
            waits: backoff::waits(),
            lost_at: None,
            waits_since: Some(Instant::now()),
            requests,
        }
    }

    /// Whether a request can be sent now.
    pub(super) fn has_room(&self) -> bool {
        matches!(&self.state, State::Up { in_flight, .. } if in_flight.len() < self.requests)
    }

    /// Whether there is a connection, and nothing is on its way.
    pub(super) fn is_idle(&self) -> bool {
        matches!(&self.state, State::Up { in_flight, .. } if in_flight.is_empty())
    }

    /// Since when the store has not been heard of although something was asked of it; none while it
    /// answers. A connection that was lost is known to be.
    pub(super) fn waits_since(&self) -> Option<Instant> {
        self.waits_since
    }

    pub(super) fn is_lost(&self) -> bool {
        self.lost_at.is_some()
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(&self.state, State::Up { .. })
    }

    /// Which of the store's servers has this stream, by its number, as far as is known.
    pub(super) fn server_of(&self, key: &str) -> usize {
        match &self.state {
            State::Up { connection, .. } => connection.server_of(key),
            _ => 0,
        }
    }

    /// Sends the commands, appends in one request behind what is asked for leases and before what the index
    /// is told. Only where there is [room](Self::has_room).
    pub(super) fn send(
        &mut self,
        ask: Option<Ask>,
        commands: Vec<(BatchId, Command)>,
        index: Option<Arc<Piece>>,
    ) {
        let State::Up {
            connection,
            in_flight,
        } = &mut self.state
        else {
            return;
        };
        let mut ids = Vec::with_capacity(commands.len());
        let mut appends = Vec::with_capacity(commands.len());
        let mut confirms = Vec::new();
        for (id, command) in commands {
            match command {
                Command::Append(append) => {
                    ids.push(id);
                    appends.push(append);
                }
                Command::Confirm(confirm) => confirms.push((id, confirm)),
                Command::Look(look) => in_flight.push(errand::look(connection, id, look)),
            }
        }
        let turns = match ask {
            Some(Ask::Turns(turns)) => turns,
            Some(Ask::Look(look)) => {
                in_flight.push(errand::look_for_loss(connection, look));
                Few::default()
            }
            None => Few::default(),
        };
        if !turns.is_empty() || index.is_some() || !appends.is_empty() {
            let request = errand::append(&**connection, turns, ids, appends, index);
            in_flight.push(request);
        }
        if let Some(level) = self.level.filter(|_| !confirms.is_empty()) {
            in_flight.push(errand::confirm(&**connection, level, &confirms));
        }
        self.waits_since.get_or_insert_with(Instant::now);
    }

    /// Gives the connection up for another, of which more is known.
    pub(super) fn renew(&mut self, why: &str) -> LinkEvent {
        self.lost(Fault::new(Class::Connection, why))
    }

    /// Brings what others have left to its stream. Only where there is [room](Self::has_room).
    pub(super) fn restore(&mut self, leftover: Arc<Leftover>, settings: Arc<Settings>) {
        if let State::Up {
            connection,
            in_flight,
        } = &mut self.state
        {
            let shards = self.store.shards();
            in_flight.push(errand::restore(connection, leftover, settings, shards));
        }
    }

    /// What happens next. Nothing is lost when this is dropped and called again.
    pub(super) async fn event(&mut self) -> LinkEvent {
        loop {
            match &mut self.state {
                State::Waiting(until) => {
                    tokio::time::sleep_until((*until).into()).await;
                    self.state = connecting(&self.store, self.purpose, self.level);
                }
                State::Connecting(connection) => match connection.await {
                    Ok(opened) => return self.connected(opened),
                    Err(fault) => return self.lost(fault),
                },
                State::Up { in_flight, .. } => match in_flight.next().await {
                    Some(Ok(answers)) => {
                        // Only an answer shows that the store is well: one that lets us in and then
                        // fails is not hurried.
                        self.waits = backoff::waits();
                        self.waits_since = (!in_flight.is_empty()).then(Instant::now);
                        return LinkEvent::Answers(answers);
                    }
                    Some(Err(fault)) => return self.lost(fault),
                    None => std::future::pending().await,
                },
            }
        }
    }

    fn connected(&mut self, opened: Opened) -> LinkEvent {
        self.waits_since = None;
        self.state = State::Up {
            connection: opened.connection.into(),
            in_flight: FuturesUnordered::new(),
        };
        LinkEvent::Connected {
            after: self.lost_at.take().map(|lost_at| lost_at.elapsed()),
            epoch: opened.epoch,
            untold: opened.untold,
            evicts: opened.evicts,
            splits: opened.splits,
            lacks: opened.lacks,
        }
    }

    fn lost(&mut self, fault: Fault) -> LinkEvent {
        let is_first = self.lost_at.is_none();
        self.lost_at.get_or_insert_with(Instant::now);
        self.waits_since.get_or_insert_with(Instant::now);
        let wait = backoff::after(fault.class, &mut self.waits);
        self.state = State::Waiting(Instant::now() + wait);
        LinkEvent::Lost {
            why: fault.why,
            is_first,
            is_answer: fault.is_answer,
        }
    }
}

fn connecting(store: &Arc<dyn Store>, purpose: Purpose, level: Option<Durability>) -> State {
    let store = Arc::clone(store);
    State::Connecting(Box::pin(async move {
        let connection = store.connect(purpose).await?;
        let (epoch, untold) = match connection.epoch().await {
            Err(fault) if fault.class == Class::Never => (None, Some(fault)),
            epoch => (epoch?, None),
        };
        let evicts = connection.evicts().await?;
        let (splits, lacks) = match level {
            Some(level) => (None, lacks(&*connection, level).await?),
            None => (connection.splits().await?, None),
        };
        Ok(Opened {
            connection,
            epoch,
            untold,
            evicts,
            splits,
            lacks,
        })
    }))
}

/// Tries it with nothing, so that what will not work is known before it is needed.
async fn lacks(connection: &dyn Connection, level: Durability) -> Result<Option<String>, Fault> {
    match connection.confirm(&[], level).await {
        Err(fault) if fault.class == Class::Never => Ok(Some(fault.why)),
        tried => tried.map(|_| None),
    }
}
