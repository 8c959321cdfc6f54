//! The model store: streams in the order of their ids, and all that may go wrong with them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::elsewhere::Elsewhere;
use super::losses::{Key, Losses};
use super::stream::Stream;
use crate::store::{Append, Appended, Class, Fault, NewEntry};
use crate::{Event, EventId};

pub(super) type Streams = BTreeMap<Key, Stream>;

#[derive(Debug, Default)]
pub(super) struct Server {
    pub(super) streams: Streams,
    /// What it was before each of its last writes.
    pub(super) past: VecDeque<Streams>,
    may_go_back: bool,
    /// Names its data; another one each time that it has gone back.
    pub(super) epoch: u32,
    /// The one that the name leads to after the next move.
    pub(super) elsewhere: Elsewhere,
    pub(super) moves: u32,
    /// Milliseconds since 1970.
    pub(super) clock: u64,
    refusal: Option<Refusal>,
    /// Streams of which it refuses all.
    shunned: BTreeSet<Key>,
    /// Refuses transactions as such: what belongs to one is taken one by one.
    pub(super) denies_transactions: bool,
    pub(super) losses: Losses,
    /// How often another writer comes just before an append.
    pub(super) rivals: BTreeMap<Key, u32>,
    /// Streams that were deleted once.
    pub(super) deleted: BTreeSet<Key>,
    /// Streams that others write to.
    pub(super) foreign: BTreeSet<Key>,
    /// Streams that took the later part of an append and not the earlier.
    pub(super) torn: BTreeSet<Key>,
    /// Those of them to which something came late. What is renumbered for the one may have come just
    /// then: only transactions keep that apart.
    pub(super) muddled: BTreeSet<Key>,
    /// What was taken from a connection that its client had given up, by run and seq.
    pub(super) late: BTreeSet<(String, u64)>,
}

/// That it takes nothing now, or only some.
#[derive(Debug, Clone, Copy)]
struct Refusal {
    class: Class,
    /// Of eight commands those whose bit is set are refused.
    mask: u8,
    commands: u32,
}

/// How far it gets with an append.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reach {
    All,
    /// The connection breaks after so many entries, where they are taken one by one.
    Entries(usize),
}

impl Server {
    pub(super) fn new(clock: u64) -> Self {
        Self {
            clock,
            may_go_back: true,
            ..Self::default()
        }
    }

    /// Takes what it can; none where the connection breaks over it.
    pub(super) fn append(&mut self, append: &Append, reach: Reach) -> Option<Appended> {
        let appended = self.apply(append, reach)?;
        let is_muted = append.entries.iter().any(|entry| is_a(entry, MUTES));
        (!is_muted).then_some(appended)
    }

    fn apply(&mut self, append: &Append, reach: Reach) -> Option<Appended> {
        self.meet_rival(append);
        self.remember();
        let is_transaction = append.entries.len() > 1 || append.expire.is_some();
        if !is_transaction || self.denies_transactions {
            return self.append_singly(append, reach);
        }
        if append.entries.iter().any(|entry| is_a(entry, BREAKS)) {
            return None;
        }
        let entries = append.entries.iter();
        let refused: Vec<_> = entries
            .filter_map(|entry| self.refuse(&append.key, entry))
            .collect();
        if let Some(fault) = refused.into_iter().next() {
            let ids = append.entries.iter().filter_map(|entry| entry.id);
            ids.for_each(|id| self.losses.refuse(&append.key, id, &fault));
            return Some(append.entries.iter().map(|_| Err(fault.clone())).collect());
        }
        let entries = append.entries.iter();
        Some(entries.map(|entry| self.take(append, entry)).collect())
    }

    fn append_singly(&mut self, append: &Append, reach: Reach) -> Option<Appended> {
        let (mut appended, mut passed) = (Vec::new(), Vec::new());
        let mut is_torn = false;
        for entry in &append.entries {
            let is_reached = match reach {
                Reach::All => true,
                Reach::Entries(most) => appended.len() < most,
            };
            if !is_reached || is_a(entry, BREAKS) {
                return None;
            }
            let result = match self.refuse(&append.key, entry) {
                Some(fault) => {
                    is_torn = true;
                    if let Some(id) = entry.id {
                        self.losses.refuse(&append.key, id, &fault);
                        passed.push(id);
                    }
                    Err(fault)
                }
                None => self.take(append, entry),
            };
            if result.is_ok() {
                // What was refused just before this could only come behind it.
                self.losses.give_up(&append.key, |id| passed.contains(&id));
                passed.clear();
                if std::mem::take(&mut is_torn) {
                    self.torn.insert(append.key.to_string());
                }
            }
            appended.push(result);
        }
        Some(appended)
    }

    /// Takes what comes from a connection that was given up.
    pub(super) fn append_late(&mut self, append: &Append) {
        let taken = self.apply(append, Reach::All).into_iter().flatten();
        let ids: Vec<_> = taken.flatten().collect();
        if !ids.is_empty() && self.torn.contains(&*append.key) {
            self.muddled.insert(append.key.to_string());
        }
        let Some(stream) = self.streams.get(&*append.key) else {
            return;
        };
        let events = ids.iter().filter_map(|id| stream.entries.get(id));
        let named = events.filter_map(|event| Some((event.run()?.to_owned(), event.seq()?)));
        self.late.extend(named);
    }

    fn refuse(&mut self, key: &str, entry: &NewEntry) -> Option<Fault> {
        if is_a(entry, ODD) || self.shunned.contains(key) {
            return Some(Fault::new(Class::Odd, "no such thing"));
        }
        let refusal = self.refusal.as_mut()?;
        refusal.commands += 1;
        let is_refused = refusal.mask & (1 << (refusal.commands % 8)) > 0;
        is_refused.then(|| Fault::new(refusal.class, "not now"))
    }

    pub(super) fn take(&mut self, append: &Append, entry: &NewEntry) -> Result<EventId, Fault> {
        let stream = self.streams.entry(append.key.to_string()).or_default();
        let id = stream.append(entry, self.clock)?;
        let trimmed = stream.trim(append.max_len);
        if let Some(first) = stream.entries.keys().next()
            && stream.entries.len() as u64 >= append.max_len
        {
            self.losses.fill(&append.key, *first);
        }
        self.losses.go(&append.key, trimmed);
        self.losses.come_back(&append.key, id);
        Ok(id)
    }

    /// Loses its last writes, as one that was killed, or whose replica took over.
    pub(super) fn go_back(&mut self, writes: usize) {
        let mut before = self.streams.clone();
        for _ in 0..writes {
            let Some(streams) = self.past.pop_back() else {
                break;
            };
            before = streams;
        }
        self.replace(before, |_, _| false);
        self.epoch += 1;
    }

    pub(super) fn refuses(&mut self, class: Class, mask: u8) {
        self.refusal = Some(Refusal {
            class,
            mask,
            commands: 0,
        });
    }

    pub(super) fn shun(&mut self, key: Key) {
        self.shunned.insert(key);
    }

    /// Takes what comes again.
    pub(super) fn recover(&mut self) {
        self.refusal = None;
    }

    /// Whether there is a reason to leave the ids of a stream to it: another writer, or what looks
    /// like one.
    pub(super) fn may_choose(&self, key: &str) -> bool {
        let is_torn = self.torn.contains(key);
        // Of a full stream that takes events one by one nobody can tell what was there.
        let is_blind = self.denies_transactions && self.losses.was_full(key);
        self.foreign.contains(key) || is_torn || is_blind
    }

    /// Never goes back again.
    pub(super) fn settle_down(&mut self) {
        self.mend();
        self.may_go_back = false;
        self.past.clear();
    }

    /// Is as it should be again, but for what it lost.
    pub(super) fn mend(&mut self) {
        self.refusal = None;
        self.rivals.clear();
        self.shunned.clear();
        self.streams.retain(|_, stream| !stream.is_other);
    }

    /// Why the stream cannot be looked at, where that is so.
    pub(super) fn refuses_look(&self, key: &str) -> Option<Fault> {
        let is_other = |stream: &Stream| stream.is_other;
        if self.streams.get(key).is_some_and(is_other) {
            return Some(Fault::new(Class::Never, "the key holds no stream"));
        }
        let refusal = self.refusal.filter(|refusal| refusal.mask == u8::MAX)?;
        Some(Fault::new(refusal.class, "not now"))
    }

    /// The events of a stream, oldest first.
    pub(super) fn events(&self, key: &str) -> impl Iterator<Item = &Event> {
        let stream = self.streams.get(key);
        stream
            .into_iter()
            .flat_map(|stream| stream.entries.values())
    }

    pub(super) fn has(&self, key: &str, id: EventId) -> bool {
        let stream = self.streams.get(key);
        stream.is_some_and(|stream| stream.entries.contains_key(&id))
    }

    pub(super) fn remember(&mut self) {
        if !self.may_go_back {
            return;
        }
        self.past.push_back(self.streams.clone());
        if self.past.len() > PAST {
            self.past.pop_front();
        }
    }
}

fn is_a(entry: &NewEntry, event_type: &str) -> bool {
    entry.values.event_type() == event_type.as_bytes()
}

/// The types of events that no server bears: over one each connection breaks, over the next it breaks
/// when it is taken, the last is always refused.
pub(super) const BREAKS: &str = "breaks";
pub(super) const MUTES: &str = "mutes";
pub(super) const ODD: &str = "odd";
const PAST: usize = 24;
