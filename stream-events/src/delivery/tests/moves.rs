//! A name that leads to one store, then to another, and back.

use std::collections::{BTreeMap, HashMap};

use super::bench::{Bench, all_refused, entries, info};
use super::*;
use crate::settings::Durability;
use crate::store::Append;
use crate::{Fields, Publisher};

/// A store: of each stream what it has taken.
#[derive(Default)]
pub(super) struct Place(HashMap<Arc<str>, Vec<Entry>>);

impl Place {
    /// What is not above the last id of its stream is refused.
    pub(super) fn append(&mut self, append: &Append) -> Answer {
        let stream = self.0.entry(Arc::clone(&append.key)).or_default();
        let take = |entry: Entry| match stream.last().map(|last| last.id) < Some(entry.id) {
            true => {
                let id = entry.id;
                stream.push(entry);
                Ok(id)
            }
            false => Err(Fault::new(Class::Conflict, "equal or smaller")),
        };
        Answer::Appended(entries(append).into_iter().map(take).collect())
    }

    fn look(&self, look: &Look) -> Answer {
        let stream = self.0.get(&look.key).map_or(&[][..], Vec::as_slice);
        let within = |entry: &&Entry| (look.from..=look.to).contains(&entry.id);
        let entries = stream.iter().filter(within).take(look.count).cloned();
        let last = stream.last().cloned();
        Answer::Seen {
            entries: entries.collect(),
            info: last.and_then(|last| info(last.id, Some(last))),
        }
    }

    pub(super) fn answer(&mut self, command: &Command) -> Answer {
        match command {
            Command::Append(append) => self.append(append),
            Command::Look(look) => self.look(look),
            Command::Confirm(confirm) => panic!("{confirm:?}"),
        }
    }

    pub(super) fn stream(&mut self, job: &str) -> &mut Vec<Entry> {
        let key = format!("job_events:{job}");
        self.0.entry(key.into()).or_default()
    }

    /// What stands where, in order.
    fn ids(&self) -> BTreeMap<&str, Vec<EventId>> {
        let ids = |stream: &Vec<Entry>| stream.iter().map(|entry| entry.id).collect();
        let streams = self.0.iter();
        streams.map(|(key, stream)| (&**key, ids(stream))).collect()
    }

    fn events(&self, job: &str) -> usize {
        let key = format!("job_events:{job}");
        self.0.get(&*key).map_or(0, Vec::len)
    }
}

impl Bench {
    /// Sends this store so much of what there is to send.
    pub(super) fn serve(&mut self, place: &mut Place, commands: usize) {
        for _ in 0..commands {
            while let Some(taken) = self.core.queue.take(self.now) {
                self.delivery.accept(taken, self.now);
            }
            let Some((id, command)) = self.delivery.next_command() else {
                return;
            };
            let answer = place.answer(&command);
            self.answer(id, answer);
        }
    }
}

pub(super) const ALL: usize = 100;

/// One that cannot be brought back for a while, or ever, holds up no other.
#[test]
fn an_end_is_made_durable_once_its_own_stream_is_where_it_was() {
    let mut bench = Bench::of(Publisher::builder().durability(Durability::Fsynced));
    let ended = bench.another("job_002");
    bench.reconnect("first");
    bench.serve(&mut Place::default(), ALL);
    ended.complete(&(), &Fields::new(), None).unwrap();
    bench.serve(&mut Place::default(), ALL);
    bench.reconnect("second");
    let second = Some("second".to_owned());
    let mut place = Place::default();
    while place.events("job_002") < 2 {
        assert!(bench.delivery.confirms(second.as_ref()).is_empty());
        let (id, append) = bench.append();
        let answer = match append.key.ends_with("job_001") {
            true => all_refused(&append, Class::Later),
            false => place.append(&append),
        };
        bench.answer(id, answer);
    }
    assert!(bench.delivery.is_replaying());
    let first = Some("first".to_owned());
    assert!(bench.delivery.confirms(first.as_ref()).is_empty());
    assert_eq!(bench.delivery.confirms(second.as_ref()).len(), 1);
}

#[test]
fn a_store_that_does_not_tell_its_epoch_any_more_makes_an_end_durable() {
    for is_replaying in [true, false] {
        let mut bench = Bench::of(Publisher::builder().durability(Durability::Fsynced));
        let mut place = Place::default();
        bench.reconnect("first");
        bench.serve(&mut place, ALL);
        if is_replaying {
            bench.reconnect("second");
        }
        assert_eq!(bench.delivery.is_replaying(), is_replaying);
        bench.delivery.connection_lost(bench.now);
        bench.delivery.connected(None, bench.now);
        bench.run.complete(&(), &Fields::new(), None).unwrap();
        bench.serve(&mut place, ALL);
        assert_eq!(bench.delivery.confirms(None).len(), 1, "{is_replaying}");
    }
}

/// While it is replayed to the second, that has taken what the first has not.
#[test]
fn a_store_that_is_come_back_to_in_a_replay_gets_what_another_took_and_nothing_twice() {
    let mut bench = Bench::new();
    let (mut first, mut second) = (Place::default(), Place::default());
    for _ in 0..3 {
        bench.reconnect("first");
        bench.emit(1);
        bench.serve(&mut first, ALL);
    }
    bench.reconnect("second");
    bench.serve(&mut second, 1);
    // The next is lost on its way; another stream's, which is new, is not.
    bench.append();
    bench.another("job_002");
    bench.emit(1);
    bench.serve(&mut second, ALL);
    assert_eq!((second.events("job_001"), second.events("job_002")), (2, 1));
    assert!(bench.delivery.is_replaying());
    bench.reconnect("first");
    assert!(
        bench.delivery.is_replaying(),
        "it may lack what the other has"
    );
    bench.serve(&mut first, ALL);
    assert!(!bench.delivery.is_replaying());
    assert_eq!((first.events("job_001"), first.events("job_002")), (5, 1));
    assert_eq!(bench.core.queue.counters.stats().delivered, 6);
    bench.reconnect("first");
    assert!(bench.delivery.next_command().is_none(), "it is through");
    bench.reconnect("second");
    bench.serve(&mut second, ALL);
    assert_eq!(second.ids(), first.ids());
    assert_eq!(bench.core.queue.counters.stats().delivered, 6);
}
