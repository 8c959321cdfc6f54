//! The connections of the model: one in use, and those that were given up, whose bytes may still
//! arrive.

use std::collections::VecDeque;
use std::sync::Arc;

use super::server::{Reach, Server};
use super::step::Fate;
use super::stream::Stream;
use crate::delivery::{Answer, BatchId, Command};
use crate::store::{Append, Class, Fault, StreamInfo};

#[derive(Debug, Default)]
pub(super) struct Network {
    pub(super) is_up: bool,
    requests: VecDeque<(BatchId, Command)>,
    answers: VecDeque<(BatchId, Answer)>,
    /// What the look that is being answered has found; its second half comes later.
    found: Option<Option<Box<StreamInfo>>>,
    /// The appends of each connection that was given up.
    old: Vec<VecDeque<Arc<Append>>>,
    /// Those to the server that the name does not lead to now.
    elsewhere: Vec<VecDeque<Arc<Append>>>,
    /// Whether it leads to many servers, of which each has some of the streams.
    pub(super) is_parted: bool,
}

impl Network {
    pub(super) fn send(&mut self, id: BatchId, command: Command) {
        self.requests.push_back((id, command));
    }

    pub(super) fn has_room(&self) -> bool {
        self.is_up && self.requests.len() + self.answers.len() < ROOM
    }

    /// The server takes the next request, or the next half of a look; false where the connection
    /// breaks over it.
    pub(super) fn serve(&mut self, server: &mut Server) -> bool {
        let Some((id, command)) = self.requests.front() else {
            return true;
        };
        let id = *id;
        let answer = match command {
            Command::Append(append) => match server.append(append, Reach::All) {
                Some(appended) => Answer::Appended(appended),
                None if self.is_parted => away(append),
                None => {
                    // A server that was sent what it cannot bear reads nothing after it.
                    self.requests.clear();
                    return false;
                }
            },
            Command::Look(look) => {
                if let Some(fault) = server.refuses_look(&look.key) {
                    Answer::Refused(fault)
                } else {
                    let stream = server.streams.get(&*look.key);
                    let Some(info) = self.found.take() else {
                        let info = stream.map(|stream| Box::new(stream.info()));
                        self.found = Some(info);
                        return true;
                    };
                    let range = |stream: &Stream| stream.range(look.from, look.to, look.count);
                    let entries = stream.map(range).unwrap_or_default();
                    Answer::Seen { entries, info }
                }
            }
            Command::Confirm(confirm) => panic!("{confirm:?} on the connection for events"),
        };
        self.found = None;
        self.requests.pop_front();
        self.answers.push_back((id, answer));
        true
    }

    /// The server that has the next request's stream is away: it has taken it, or may take it later, or
    /// never will.
    pub(super) fn miss(&mut self, server: &mut Server, fate: Fate) {
        let Some((id, command)) = self.requests.pop_front() else {
            return;
        };
        self.found = None;
        let answer = match command {
            Command::Append(append) => {
                match fate {
                    Fate::Taken => drop(server.append(&append, Reach::All)),
                    Fate::Late => self.old.push(VecDeque::from([Arc::clone(&append)])),
                    Fate::Lost => {}
                }
                away(&append)
            }
            _ => Answer::Refused(Fault::new(Class::Away, "no answer")),
        };
        self.answers.push_back((id, answer));
    }

    pub(super) fn answer(&mut self) -> Option<(BatchId, Answer)> {
        self.answers.pop_front()
    }

    /// The client gives the connection up. The server takes `served` of the requests and some
    /// `entries` of one more, where it takes them one by one; what is then left may arrive later.
    pub(super) fn cut(&mut self, server: &mut Server, served: usize, entries: usize) {
        let before = self.answers.len();
        while self.answers.len() < before + served && !self.requests.is_empty() {
            if !self.serve(server) {
                break;
            }
        }
        if entries > 0
            && server.denies_transactions
            && let Some((_, Command::Append(append))) = self.requests.pop_front()
        {
            server.append(&append, Reach::Entries(entries));
        }
        let left = self
            .requests
            .drain(..)
            .filter_map(|(_, command)| match command {
                Command::Append(append) => Some(append),
                _ => None,
            });
        self.old.push(left.collect());
        self.close();
    }

    /// What was sent to the server that is gone arrives nowhere.
    pub(super) fn forget(&mut self) {
        self.old.clear();
        self.close();
    }

    /// From now on connections are to the other server.
    pub(super) fn move_on(&mut self) {
        std::mem::swap(&mut self.old, &mut self.elsewhere);
    }

    /// The server takes what an old connection had left; says whether there was something.
    pub(super) fn arrive_late(&mut self, connection: usize, server: &mut Server) -> bool {
        self.old.retain(|left| !left.is_empty());
        if self.old.is_empty() {
            return false;
        }
        let at = connection % self.old.len();
        let Some(append) = self.old[at].pop_front() else {
            return false;
        };
        server.append_late(&append);
        true
    }

    fn close(&mut self) {
        self.requests.clear();
        self.answers.clear();
        self.found = None;
        self.is_up = false;
    }
}

fn away(append: &Append) -> Answer {
    let fault = || Err(Fault::new(Class::Away, "no answer"));
    Answer::Appended(append.entries.iter().map(|_| fault()).collect())
}

/// How many requests are on their way at once.
const ROOM: usize = 8;
