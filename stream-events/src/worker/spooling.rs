//! What the worker keeps on disk while the store is away, and what it brings back from there.

mod leftovers;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use leftovers::Leftovers;
pub(super) use leftovers::Restored;

use super::teller::Teller;
use crate::delivery::Delivery;
use crate::queue::{Draft, Lane, Queue};
use crate::settings::Settings;
use crate::spool::{Name, Record, Spool, Told};
use crate::stats::Counters;
use crate::store::Store;

/// An event that is there when the store goes away, or comes while it is away, is written to the
/// disk, and so are those that come until all of it has its outcome.
pub(super) struct Spooling {
    spool: Option<Spool>,
    /// Whether lifecycle events are looked out for.
    is_on: bool,
    /// Those that may have some.
    lanes: VecDeque<Arc<Lane>>,
    /// To be written next. One piece is on its way at a time, so that the disk may be slow.
    records: Vec<Record>,
    writing: HashSet<Name>,
    /// On the disk, and without an outcome.
    kept: HashSet<Name>,
    is_writing: bool,
    leftovers: Leftovers,
    unspooled: u64,
}

/// How long the store may take to answer before it counts as away.
pub(super) const AWAY_AFTER: Duration = Duration::from_millis(100);
/// About so many bytes are written at a time.
const PIECE: usize = 256 * 1024;

impl Spooling {
    pub(super) fn new(settings: &Settings, store: &dyn Store) -> Self {
        let store = format!("{} {}", store.place(), settings.prefix);
        let spool = open(settings, store);
        Self {
            leftovers: Leftovers::new(spool.is_some()),
            spool,
            is_on: false,
            lanes: VecDeque::new(),
            records: Vec::new(),
            writing: HashSet::new(),
            kept: HashSet::new(),
            is_writing: false,
            unspooled: 0,
        }
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.spool.is_some()
    }

    pub(super) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Events that are sent next, while the store is away.
    pub(super) fn begin(&mut self, events: &mut [Draft]) {
        if !self.is_on {
            return;
        }
        for draft in events.iter_mut().filter(|draft| draft.is_for_spool()) {
            if !std::mem::replace(&mut draft.is_spooled, true) {
                let values = draft.values(draft.seq);
                self.records.push(draft.record(draft.seq, &values));
            }
        }
    }

    /// Looks out for lifecycle events, as long as the store is away or some of them are on the disk,
    /// and has them written.
    pub(super) fn look(&mut self, is_away: bool, queue: &Queue, delivery: &mut Delivery) {
        let Some(spool) = &self.spool else {
            return self.turn_off(queue);
        };
        let is_busy = self.is_writing || !self.kept.is_empty() || !self.records.is_empty();
        match (is_away || is_busy, self.is_on) {
            (true, false) => {
                self.lanes.extend(queue.watch());
                self.lanes.extend(delivery.lanes());
                self.records.extend(delivery.unspooled());
                self.is_on = true;
            }
            (false, _) => return self.turn_off(queue),
            (true, true) => {}
        }
        self.lanes.extend(queue.fresh());
        let mut bytes: usize = self.records.iter().map(Record::size).sum();
        while !self.is_writing
            && bytes < PIECE
            && let Some(lane) = self.lanes.pop_front()
        {
            let found = lane.unspooled();
            bytes += found.iter().map(Record::size).sum::<usize>();
            self.records.extend(found);
        }
        if !self.is_writing && !self.records.is_empty() {
            let records = std::mem::take(&mut self.records);
            let names = records.iter().map(|record| record.name.clone());
            self.writing.extend(names);
            self.is_writing = true;
            spool.keep(records);
        }
    }

    /// What was yet to be written is in memory alone.
    fn turn_off(&mut self, queue: &Queue) {
        if std::mem::take(&mut self.is_on) {
            queue.unwatch();
            self.lanes.clear();
            self.unspooled += self.records.drain(..).count() as u64;
        }
    }

    /// An event that has its outcome.
    pub(super) fn settle(&mut self, draft: &Draft) {
        if !draft.is_spooled {
            return;
        }
        let name = draft.name(draft.seq);
        if self.kept.remove(&name) || self.writing.remove(&name) {
            if let Some(spool) = &self.spool {
                spool.forget(vec![name]);
            }
        } else {
            self.records.retain(|record| record.name != name);
        }
    }

    /// What comes next of the disk.
    pub(super) async fn told(&mut self) -> Told {
        match &mut self.spool {
            Some(spool) => match spool.told().await {
                Some(told) => told,
                None => {
                    self.spool = None;
                    Told::NotKept("its thread is gone".to_owned())
                }
            },
            None => std::future::pending().await,
        }
    }

    pub(super) fn take(&mut self, told: Told, teller: &mut Teller) {
        match told {
            Told::Kept => {
                self.is_writing = false;
                self.kept.extend(self.writing.drain());
            }
            Told::NotKept(why) => {
                self.is_writing = false;
                self.unspooled += self.writing.drain().count() as u64;
                teller.unspooled(why);
            }
            Told::Unusable(why) => teller.unspooled(why),
            Told::Left(runs) => self.leftovers.add(runs),
            Told::Foreign { file, store } => teller.foreign(&file, store),
            Told::Unreadable { file, why } => teller.unreadable(&file, why),
        }
    }

    /// When there is something to be brought back.
    pub(super) fn leftovers_due(&self) -> Option<Instant> {
        self.leftovers.due()
    }

    /// Whether nothing is to be brought back that could be.
    pub(super) fn has_restored(&self) -> bool {
        self.spool.is_none() || self.leftovers.is_idle()
    }

    /// What others have left, to be brought to the store.
    pub(super) fn leftovers(&mut self) -> &mut Leftovers {
        &mut self.leftovers
    }

    /// One run's is there, or cannot be.
    pub(super) fn restored(&mut self, restored: Restored, now: Instant, teller: &mut Teller) {
        match (self.leftovers.take(restored, now), &self.spool) {
            (Some(Ok(leftover)), Some(spool)) => spool.restored(leftover),
            (Some(Err(fault)), _) => teller.unrestored(fault.why),
            _ => {}
        }
        if self.leftovers.are_through()
            && let Some(spool) = &self.spool
        {
            self.leftovers.ask();
            spool.more();
        }
        teller.restored(self.leftovers.events());
    }

    pub(super) fn count(&self, counters: &Counters) {
        counters.set_spool(
            self.kept.len() as u64,
            self.unspooled,
            self.leftovers.events(),
        );
    }

    /// Before the worker leaves: has all written that has no outcome.
    pub(super) async fn seal(
        &mut self,
        queue: &Queue,
        delivery: &mut Delivery,
        teller: &mut Teller,
    ) {
        let all = async {
            loop {
                let has_events = delivery.open() > 0 || !queue.is_empty();
                self.look(has_events, queue, delivery);
                if !self.is_writing {
                    return;
                }
                let told = self.told().await;
                self.take(told, teller);
            }
        };
        // What takes longer is in memory alone.
        let _ = tokio::time::timeout(TIDYING, all).await;
    }

    /// Leaves no file behind that nobody needs.
    pub(super) async fn close(self) {
        if let Some(spool) = self.spool {
            // Where the disk hangs, it is for the next process to tidy up.
            let _ = tokio::time::timeout(TIDYING, spool.close()).await;
        }
    }

    /// Whether it is on the disk, for the next process.
    pub(super) fn has(&self, draft: &Draft) -> bool {
        draft.is_spooled && self.kept.contains(&draft.name(draft.seq))
    }
}

#[cfg(feature = "spool")]
fn open(settings: &Settings, store: String) -> Option<Spool> {
    let folder = settings.spool.clone()?;
    Some(Spool::open(folder, store))
}

#[cfg(not(feature = "spool"))]
fn open(_: &Settings, _: String) -> Option<Spool> {
    None
}

/// How long the worker waits for the disk when it leaves, each time.
const TIDYING: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
