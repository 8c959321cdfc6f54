//! What is watched, what changes, and what is therefore to be read: without a connection.

use std::collections::HashMap;
use std::sync::Arc;

use super::line::{Due, Line};
use super::topic::{Known, Read, Topic};
use crate::EventId;
use crate::store::{Page, Wanted};

pub(super) struct Topics {
    by_key: HashMap<Arc<str>, Topic>,
    /// How many there ever were.
    entered: u64,
    /// For those who wait for the next entry.
    live: Line,
    /// For those who may have a long way to it: they are not to hold the others up.
    behind: Line,
    server_of: Box<dyn Fn(&str) -> usize + Send + Sync>,
}

/// Reads that go out as one.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) wanted: Vec<Wanted>,
    asked: Vec<Due>,
    lane: Lane,
    server: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    Live,
    Behind,
}

impl Lane {
    /// How many reads go out as one at most. Of those behind, each may be answered by a page.
    const fn most(self) -> usize {
        match self {
            Self::Live => 32,
            Self::Behind => 4,
        }
    }

    /// How many of those are on their way to one server at a time.
    const fn most_sent(self) -> usize {
        match self {
            Self::Live => 4,
            Self::Behind => 1,
        }
    }
}

impl Topics {
    /// Of streams that these servers have.
    pub(super) fn new(server_of: impl Fn(&str) -> usize + Send + Sync + 'static) -> Self {
        Self {
            by_key: HashMap::new(),
            entered: 0,
            live: Line::new(Lane::Live.most_sent()),
            behind: Line::new(Lane::Behind.most_sent()),
            server_of: Box::new(server_of),
        }
    }

    pub(super) fn enter(&mut self, key: &Arc<str>) {
        let topic = self.by_key.entry(Arc::clone(key)).or_insert_with(|| {
            self.entered += 1;
            Topic::new(self.entered)
        });
        topic.members += 1;
    }

    /// Whether nobody reads it any more.
    pub(super) fn leave(&mut self, key: &str) -> bool {
        let Some(topic) = self.by_key.get_mut(key) else {
            return false;
        };
        topic.members -= 1;
        let is_last = topic.members == 0;
        if is_last {
            self.by_key.remove(key);
            self.shrink();
        } else {
            topic.clear();
        }
        is_last
    }

    pub(super) fn read(&mut self, key: Arc<str>, read: Read) {
        let Some(topic) = self.by_key.get_mut(&key) else {
            return;
        };
        let (after, is_behind) = (read.after, read.is_behind);
        if topic.read(read) {
            let (topic, server) = (topic.number, (self.server_of)(&key));
            let line = match is_behind {
                true => &mut self.behind,
                false => &mut self.live,
            };
            line.push(server, Due { key, topic, after });
        }
    }

    pub(super) fn changed(&mut self, key: &str) {
        // Others than the watched change as well.
        let Some((key, _)) = self.by_key.get_key_value(key) else {
            return;
        };
        let key = Arc::clone(key);
        if let Some(topic) = self.by_key.get_mut(&key) {
            has_changed(&key, topic, &mut self.live, &self.server_of);
        }
    }

    pub(super) fn all_changed(&mut self) {
        for (key, topic) in &mut self.by_key {
            has_changed(key, topic, &mut self.live, &self.server_of);
        }
    }

    /// The next reads to go out, all to one server; none where there are none, or as many on their way as may
    /// be.
    pub(super) fn batch(&mut self, lane: Lane) -> Option<Batch> {
        while let Some(server) = self.line(lane).next() {
            let (mut wanted, mut asked) = (Vec::new(), Vec::new());
            while wanted.len() < lane.most()
                && let Some(due) = self.line(lane).pop(server)
            {
                let topic = self.topic(&due);
                if let Some((after, count)) = topic.and_then(|topic| topic.ask(due.after)) {
                    let key = Arc::clone(&due.key);
                    wanted.push(Wanted { key, after, count });
                    asked.push(due);
                }
            }
            if !wanted.is_empty() {
                self.line(lane).sent(server);
                return Some(Batch {
                    wanted,
                    asked,
                    lane,
                    server,
                });
            }
        }
        None
    }

    pub(super) fn answered(&mut self, batch: Batch, pages: Vec<Page>) {
        self.line(batch.lane).answered(batch.server);
        for (due, page) in batch.asked.into_iter().zip(pages) {
            let topic = self.topic(&due);
            if topic.is_some_and(|topic| topic.answered(due.after, page)) {
                self.live.push((self.server_of)(&due.key), due);
            }
        }
    }

    /// After what somebody waits for the next entry of a stream.
    pub(super) fn cursor(&self, key: &str) -> Option<EventId> {
        self.by_key.get(key)?.cursor()
    }

    /// Has one of those who wait looked for again, to see that the store is there.
    pub(super) fn recheck(&mut self) {
        let due = self.by_key.iter_mut().find_map(|(key, topic)| {
            let (key, number) = (Arc::clone(key), topic.number);
            topic.recheck().map(|after| Due {
                key,
                topic: number,
                after,
            })
        });
        if let Some(due) = due {
            self.live.push((self.server_of)(&due.key), due);
        }
    }

    /// The last id that a stream has given out, unless it may have changed since; otherwise it is being
    /// looked at from now on.
    pub(super) fn last_id(&mut self, key: &str) -> Option<EventId> {
        let known = &mut self.by_key.get_mut(key)?.known;
        match *known {
            Known::LastId(id) => Some(id),
            Known::Nothing | Known::Asked => {
                *known = Known::Asked;
                None
            }
        }
    }

    /// It has been looked at. What has changed meanwhile is not known.
    pub(super) fn looked(&mut self, key: &str, last_id: Option<EventId>) {
        if let Some(topic) = self.by_key.get_mut(key)
            && topic.known == Known::Asked
        {
            topic.known = last_id.map_or(Known::Nothing, Known::LastId);
        }
    }

    /// Something is not as it is known to be.
    pub(super) fn forget(&mut self, key: &str) {
        if let Some(topic) = self.by_key.get_mut(key) {
            topic.known = Known::Nothing;
        }
    }

    fn line(&mut self, lane: Lane) -> &mut Line {
        match lane {
            Lane::Live => &mut self.live,
            Lane::Behind => &mut self.behind,
        }
    }

    fn topic(&mut self, due: &Due) -> Option<&mut Topic> {
        let topic = self.by_key.get_mut(&due.key);
        topic.filter(|topic| topic.number == due.topic)
    }

    /// Of thousands that came and went, no memory stays.
    fn shrink(&mut self) {
        if self.by_key.capacity() > 8 * self.by_key.len().max(128) {
            self.by_key.shrink_to(2 * self.by_key.len());
        }
    }
}

/// Names those who wait for its entries.
fn has_changed(
    key: &Arc<str>,
    topic: &mut Topic,
    live: &mut Line,
    server_of: &dyn Fn(&str) -> usize,
) {
    let number = topic.number;
    let due = |after| Due {
        key: Arc::clone(key),
        topic: number,
        after,
    };
    topic.changed(|after| live.push(server_of(key), due(after)));
}

#[cfg(test)]
mod tests;
