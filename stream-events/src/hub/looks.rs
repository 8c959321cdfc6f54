//! What watches ask that wait in vain, each in its own time: put together, and asked at a bounded rate.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::topics::Topics;
use crate::EventId;
use crate::store::{BoxFuture, Connection, Expired, Fault, Lease, Look, Looked, Members};

/// What one watch asks.
pub(super) enum Question {
    /// Which of these leases, which this key has, have run out.
    Leases(Arc<str>, Vec<Arc<str>>, Tell<Vec<Lease>>),
    /// How far a stream is of which this was seen; none where there is none.
    Stream(Arc<str>, EventId, Tell<Option<EventId>>),
}

type Tell<T> = oneshot::Sender<Result<T, Fault>>;
type AskedLeases = (Vec<Arc<str>>, Tell<Vec<Lease>>);

/// One page of questions is on its way at a time.
pub(super) struct Looks {
    waiting: VecDeque<Question>,
    asked: Option<Page>,
    /// When the next page may go.
    from: Instant,
    /// Whether the store says of streams that are known how many are there.
    may_count: bool,
}

struct Page {
    questions: Questions,
    answer: BoxFuture<'static, Result<Looked, Fault>>,
}

#[derive(Default)]
struct Questions {
    /// By their key: of all that there are, one for each shard of the index.
    leases: Vec<(Arc<str>, Vec<AskedLeases>)>,
    streams: Vec<(Arc<str>, Tell<Option<EventId>>)>,
    /// Streams that have not changed since they were here.
    known: Vec<(Arc<str>, EventId, Tell<Option<EventId>>)>,
}

/// What is next for the questions.
pub(super) enum Turn {
    /// The next page may go.
    Due,
    Answered(Box<(Answered, Result<Looked, Fault>)>),
}

pub(super) struct Answered(Questions);

/// Between two pages.
const PAUSE: Duration = Duration::from_millis(50);
/// Questions of a page: with more than some 25,000 quiet watches, each is asked for less often.
const PAGE: usize = 256;

impl Looks {
    pub(super) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            asked: None,
            from: Instant::now(),
            may_count: true,
        }
    }

    pub(super) fn ask(&mut self, question: Question) {
        self.waiting.push_back(question);
    }

    /// Nothing is lost where it is dropped before.
    pub(super) async fn next(&mut self) -> Turn {
        match &mut self.asked {
            None if self.waiting.is_empty() => std::future::pending().await,
            None => {
                sleep_until(self.from).await;
                Turn::Due
            }
            Some(page) => {
                let answer = (&mut page.answer).await;
                let questions = self.asked.take().map(|page| page.questions);
                let answered = Answered(questions.unwrap_or_default());
                Turn::Answered(Box::new((answered, answer)))
            }
        }
    }

    /// Sends the next page. Streams are known where the store tells what changes.
    pub(super) fn send(&mut self, connection: &dyn Connection, mut topics: Option<&mut Topics>) {
        let mut questions = Questions::default();
        for question in self.waiting.drain(..self.waiting.len().min(PAGE)) {
            match question {
                Question::Leases(key, members, tell) if !tell.is_closed() => {
                    questions.of_leases(key).push((members, tell));
                }
                Question::Stream(key, seen, tell) if !tell.is_closed() => {
                    let last_id = topics.as_mut().and_then(|topics| topics.last_id(&key));
                    // A read may have been answered before it was heard that there is more.
                    match last_id.filter(|id| self.may_count && *id >= seen) {
                        Some(id) => questions.known.push((key, id, tell)),
                        None => questions.streams.push((key, tell)),
                    }
                }
                // It has gone.
                _ => {}
            }
        }
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
        if !questions.are_none() {
            self.from = Instant::now() + PAUSE;
            let answer = connection.look(questions.look());
            self.asked = Some(Page { questions, answer });
        }
    }

    /// Passes on what each asked for. The fault is of the connection.
    pub(super) fn answered(
        &mut self,
        Answered(questions): Answered,
        looked: Result<Looked, Fault>,
        topics: &mut Topics,
    ) -> Result<(), Fault> {
        let looked = looked?;
        for ((_, asked), expired) in questions.leases.into_iter().zip(looked.expired) {
            tell_leases(asked, expired);
        }
        for ((key, tell), last_id) in questions.streams.into_iter().zip(looked.last_ids) {
            topics.looked(&key, last_id.as_ref().ok().copied().flatten());
            let _ = tell.send(last_id);
        }
        let later = Fault::is_for_now;
        match looked.are_there {
            Ok(true) => (questions.known.into_iter()).for_each(|(_, last_id, tell)| {
                let _ = tell.send(Ok(Some(last_id)));
            }),
            Err(fault) if later(&fault) => questions.known.into_iter().for_each(|(.., tell)| {
                let _ = tell.send(Err(fault.clone()));
            }),
            // Which of them is not is found by looking at each.
            are_there => {
                self.may_count &= are_there.is_ok();
                for (key, id, tell) in questions.known {
                    topics.forget(&key);
                    self.waiting.push_front(Question::Stream(key, id, tell));
                }
            }
        }
        Ok(())
    }
}

impl Questions {
    fn are_none(&self) -> bool {
        self.leases.is_empty() && self.streams.is_empty() && self.known.is_empty()
    }

    fn of_leases(&mut self, key: Arc<str>) -> &mut Vec<AskedLeases> {
        let at = self.leases.iter().position(|(known, _)| *known == key);
        let at = at.unwrap_or_else(|| {
            self.leases.push((key, Vec::new()));
            self.leases.len() - 1
        });
        &mut self.leases[at].1
    }

    fn look(&self) -> Look {
        let leases = self.leases.iter().map(|(key, asked)| {
            let members = asked.iter().flat_map(|(members, _)| members);
            Members {
                key: Arc::clone(key),
                members: members.cloned().collect(),
            }
        });
        Look {
            leases: leases.collect(),
            known: self.known.iter().map(|(key, ..)| Arc::clone(key)).collect(),
            streams: self
                .streams
                .iter()
                .map(|(key, _)| Arc::clone(key))
                .collect(),
        }
    }
}

fn tell_leases(asked: Vec<AskedLeases>, expired: Expired) {
    let expired = expired.map(|leases| {
        let by_member = leases
            .into_iter()
            .map(|lease| (Arc::clone(&lease.member), lease));
        by_member.collect::<HashMap<_, _>>()
    });
    for (members, tell) in asked {
        let own = expired.as_ref().map_err(Fault::clone).map(|expired| {
            let own = members.iter().filter_map(|member| expired.get(member));
            own.cloned().collect()
        });
        let _ = tell.send(own);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Purpose, StoreUrl};

    /// Asks, of a stream that is not there and is known to have given out this id, how often that takes.
    async fn rounds(name: &str, known: EventId, seen: EventId) -> usize {
        let store = StoreUrl::new(format!("memory:{name}")).open().unwrap();
        let connection = store.connect(Purpose::Prompt).await.unwrap();
        let (mut topics, key) = (Topics::default(), Arc::from("job_events:j"));
        topics.enter(&key);
        assert_eq!(topics.last_id(&key), None);
        topics.looked(&key, Some(known));
        assert_eq!(topics.last_id(&key), Some(known));
        let mut looks = Looks::new();
        let (tell, mut told) = oneshot::channel();
        looks.ask(Question::Stream(key, seen, tell));
        for round in 1.. {
            assert!(matches!(looks.next().await, Turn::Due));
            looks.send(&*connection, Some(&mut topics));
            let Turn::Answered(answer) = looks.next().await else {
                panic!()
            };
            let (answered, looked) = *answer;
            looks.answered(answered, looked, &mut topics).unwrap();
            if let Ok(answer) = told.try_recv() {
                assert_eq!(answer, Ok(None));
                return round;
            }
        }
        unreachable!()
    }

    #[tokio::test]
    async fn what_is_known_and_not_there_any_more_is_looked_at_by_itself() {
        let id = EventId::new(1, 0);
        assert_eq!(rounds("known_and_gone", id, id).await, 2);
    }

    #[tokio::test]
    async fn what_is_known_to_be_behind_what_was_seen_is_looked_at_at_once() {
        let [known, seen] = [1, 2].map(|ms| EventId::new(ms, 0));
        assert_eq!(rounds("known_and_behind", known, seen).await, 1);
    }
}
