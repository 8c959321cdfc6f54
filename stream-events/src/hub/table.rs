//! A session at work: what is asked of it, what it hears and what it is answered, each in its turn.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::looks::{Looks, Turn};
use super::news::{Heard, News};
use super::session::Request;
use super::topics::{Batch, Lane, Topics};
use crate::store::{BoxFuture, Connection, Fault, Page};

/// It is there as long as the connection and those who share it.
pub(super) struct Table {
    connection: Arc<dyn Connection>,
    news: News,
    topics: Topics,
    looks: Looks,
    on_their_way: FuturesUnordered<BoxFuture<'static, Answer>>,
    /// Whether anything was answered since it was looked last.
    is_answered: bool,
}

/// How long nothing is answered until it is looked whether anything is.
const SILENCE: Duration = Duration::from_secs(5);
/// Requests that are taken before something is done about them.
const AT_ONCE: usize = 1024;

type Answer = (Batch, Result<Vec<Page>, Fault>);

/// The session is over.
struct Over;

impl Table {
    pub(super) fn new(connection: Arc<dyn Connection>, news: News, looks: Looks) -> Self {
        let of = Arc::clone(&connection);
        Self {
            connection,
            news,
            topics: Topics::new(move |key| of.server_of(key)),
            looks,
            on_their_way: FuturesUnordered::new(),
            is_answered: true,
        }
    }

    /// Until nobody is left who could ask, or the connection is lost: then all who wait hear so by its
    /// end.
    pub(super) async fn serve(mut self, mut asked: mpsc::UnboundedReceiver<Request>) {
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
        for lane in [Lane::Live, Lane::Behind] {
            while let Some(batch) = self.topics.batch(lane) {
                self.ask(batch);
            }
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
