//! A connection and those who share it: a task that lives as long as both do.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::looks::{Looks, Question, Turn};
use super::news::{Heard, News};
use super::rounds::Rounds;
use super::topic::Read;
use super::topics::{Batch, Lane, Topics};
use crate::backoff;
use crate::store::{BoxFuture, Class, Connection, Fault, Page, Store};

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
/// How long nothing is answered until it is looked whether anything is.
const SILENCE: Duration = Duration::from_secs(5);
/// Batches that are on their way at a time, of the live lane; of the other one is.
const MOST_LIVE: usize = 4;
/// Requests that are taken before something is done about them.
const AT_ONCE: usize = 1024;

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

/// A session at work.
struct Table {
    connection: Arc<dyn Connection>,
    news: News,
    topics: Topics,
    looks: Looks,
    on_their_way: FuturesUnordered<BoxFuture<'static, Answer>>,
    live: usize,
    behind: usize,
    /// Whether anything was answered since it was looked last.
    is_answered: bool,
}

type Answer = (Batch, Result<Vec<Page>, Fault>);

/// The session is over.
struct Over;

impl Table {
    fn new(connection: Arc<dyn Connection>, news: News, looks: Looks) -> Self {
        Self {
            connection,
            news,
            topics: Topics::default(),
            looks,
            on_their_way: FuturesUnordered::new(),
            live: 0,
            behind: 0,
            is_answered: true,
        }
    }

    /// Until nobody is left who could ask, or the connection is lost: then all who wait hear so by its
    /// end.
    async fn serve(mut self, mut asked: mpsc::UnboundedReceiver<Request>) {
        let mut silence = interval(SILENCE);
        silence.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.send();
            let turn = tokio::select! {
                request = asked.recv() => self.take(request, &mut asked),
                news = self.news.next(&self.topics) => self.hear(news),
                Some(answer) = self.on_their_way.next() => self.pass(answer),
                turn = self.looks.next() => self.look(turn),
                _ = silence.tick() => self.listen(),
            };
            if turn.is_err() {
                return;
            }
        }
    }

    /// Sends for what is to be read, within what may be on its way.
    fn send(&mut self) {
        while self.live < MOST_LIVE
            && let Some(batch) = self.topics.batch(Lane::Live)
        {
            self.live += 1;
            self.ask(batch);
        }
        if self.behind == 0
            && let Some(batch) = self.topics.batch(Lane::Behind)
        {
            self.behind += 1;
            self.ask(batch);
        }
    }

    fn ask(&self, batch: Batch) {
        let pages = self.connection.pages(&batch.wanted);
        let answer = pages.map(|pages| (batch, pages));
        self.on_their_way.push(answer.boxed());
    }

    fn take(
        &mut self,
        request: Option<Request>,
        asked: &mut mpsc::UnboundedReceiver<Request>,
    ) -> Result<(), Over> {
        self.do_as_asked(request.ok_or(Over)?);
        for _ in 0..AT_ONCE {
            let Ok(request) = asked.try_recv() else { break };
            self.do_as_asked(request);
        }
        Ok(())
    }

    fn do_as_asked(&mut self, request: Request) {
        match request {
            Request::Enter(key) => {
                self.topics.enter(&key);
                self.news.enter(key);
            }
            Request::Leave(key) => {
                if self.topics.leave(&key) {
                    self.news.leave(&key);
                }
            }
            Request::Read(key, read) => self.topics.read(key, read),
            Request::Look(question) => self.looks.ask(question),
        }
    }

    fn look(&mut self, turn: Turn) -> Result<(), Over> {
        match turn {
            Turn::Due => {
                let topics = match self.news {
                    News::Told(_) => Some(&mut self.topics),
                    News::Asked(_) => None,
                };
                self.looks.send(&*self.connection, topics);
                Ok(())
            }
            Turn::Answered(answer) => {
                let (answered, looked) = *answer;
                let told = self.looks.answered(answered, looked, &mut self.topics);
                told.map_err(|_| Over)
            }
        }
    }

    fn hear(&mut self, news: Option<Heard>) -> Result<(), Over> {
        match news.ok_or(Over)? {
            Heard::Told(told) => {
                if told.is_all {
                    self.topics.all_changed();
                }
                told.keys().for_each(|key| self.topics.changed(key));
            }
            Heard::Found(keys) => keys.iter().for_each(|key| self.topics.changed(key)),
        }
        Ok(())
    }

    fn pass(&mut self, (batch, pages): Answer) -> Result<(), Over> {
        match batch.lane {
            Lane::Live => self.live -= 1,
            Lane::Behind => self.behind -= 1,
        }
        self.is_answered = true;
        self.topics.answered(batch, pages.map_err(|_| Over)?);
        Ok(())
    }

    /// A connection that swallows everything says nothing, as one does on which nothing happens.
    fn listen(&mut self) -> Result<(), Over> {
        if !std::mem::take(&mut self.is_answered) {
            self.topics.recheck();
        }
        Ok(())
    }
}
