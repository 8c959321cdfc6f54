//! One stream's line: what it had, part by part, and what of that the store lacks.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Next;
use super::search::{Search, Step};
use crate::EventId;
use crate::delivery::batch::STRIKES;
use crate::delivery::kept::Part;
use crate::delivery::{BatchId, Command};
use crate::event::Entry;
use crate::store::{Append, Appended, Class, Fault, NewEntry, StreamInfo};

#[derive(Debug)]
pub(super) struct Line {
    pub(super) key: Arc<str>,
    pieces: VecDeque<Piece>,
    /// Whether the first of them is on its way.
    is_sent: bool,
    /// Batches of the stream that come after.
    pub(super) waiting: Vec<BatchId>,
    rests: u32,
    /// How often the next append was refused in words that we do not know while others were taken,
    /// and what of them had been at the last time.
    strikes: u32,
    others: u64,
    search: Search,
    /// How often in a row others were above it.
    conflicts: u32,
    /// How many events were given up for that.
    pub(super) unplaced: u64,
}

/// A part, or what is left to send of it.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) part: Arc<Part>,
    pub(super) append: Arc<Append>,
}

impl Line {
    pub(super) fn new(key: Arc<str>) -> Self {
        Self {
            key,
            pieces: VecDeque::new(),
            is_sent: false,
            waiting: Vec::new(),
            rests: 0,
            strikes: 0,
            others: 0,
            search: Search::default(),
            conflicts: 0,
            unplaced: 0,
        }
    }

    pub(super) fn push(&mut self, part: &Arc<Part>) {
        let append = part.append();
        let part = Arc::clone(part);
        self.pieces.push_back(Piece { part, append });
    }

    /// All of it is here. What has come to stand elsewhere once may be in either place, of which the store
    /// would refuse the one alone: there it looks first.
    pub(super) fn begin(&mut self) {
        // What a look has found was acknowledged after what came behind it.
        let pieces = self.pieces.make_contiguous();
        pieces.sort_by_key(|piece| piece.append.entries.first().and_then(|entry| entry.id));
        if pieces.iter().any(|piece| piece.part.has_moved()) {
            self.search.all(&self.pieces);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(super) fn is_suspect(&self) -> bool {
        let first = self.pieces.front();
        first.is_some_and(|piece| piece.part.is_suspect())
    }

    pub(super) fn send(&mut self) -> Option<Command> {
        let first = self.pieces.front()?;
        if let Some(look) = self.search.look(&self.key) {
            return Some(Command::Look(look));
        }
        self.is_sent = true;
        Some(Command::Append(Arc::clone(&first.append)))
    }

    pub(super) fn sent(&self) -> Option<&Append> {
        let first = self.pieces.front().filter(|_| self.is_sent);
        first.map(|piece| &*piece.append)
    }

    pub(super) fn did_not_break(&mut self) {
        self.is_sent = false;
    }

    pub(super) fn break_off(&mut self) {
        self.waiting.clear();
        if std::mem::take(&mut self.is_sent)
            && let Some(piece) = self.pieces.front()
        {
            piece.part.broke();
        }
    }

    /// Leaves out what is hopeless; says whether nothing is left.
    pub(super) fn is_over(&mut self) -> bool {
        self.pieces.retain(|piece| !piece.part.is_hopeless());
        self.pieces.is_empty()
    }

    /// Gives how many were taken, and the rest where there is to be one.
    pub(super) fn appended(&mut self, results: &Appended, others: u64) -> (u64, Option<Next>) {
        self.is_sent = false;
        let faults = results.iter().filter_map(|result| result.as_ref().err());
        let later = faults
            .clone()
            .find(|fault| !matches!(fault.class, Class::Conflict | Class::Never));
        let is_left_out = later.is_some_and(|fault| match fault.class {
            Class::Odd => self.is_hopeless(others),
            Class::Away => self.broke(),
            _ => false,
        });
        if let Some(fault) = later.filter(|_| !is_left_out) {
            return (0, Some(self.rest(fault.clone())));
        }
        let taken = (results.len() - faults.clone().count()) as u64;
        (self.rests, self.strikes) = (0, 0);
        let mut faults = faults;
        if faults.any(|fault| fault.class == Class::Conflict) && !is_left_out && self.is_doubtful()
        {
            return (taken, None);
        }
        self.conflicts = 0;
        if let Some(piece) = self.pieces.pop_front().filter(|_| !is_left_out) {
            piece.part.passed();
        }
        (taken, None)
    }

    /// What was refused for its id may be there, or another writer above it: that is looked for, unless
    /// looks show nothing. Who is behind others time after time gives up what is left: its stream, and all
    /// that is new on it, would wait for ever.
    fn is_doubtful(&mut self) -> bool {
        self.conflicts += 1;
        if self.conflicts > MOST_CONFLICTS {
            self.give_up();
            return true;
        }
        self.search.begin(&self.pieces)
    }

    pub(super) fn seen(&mut self, entries: Vec<Entry>, info: Option<Box<StreamInfo>>) {
        self.rests = 0;
        match self.search.seen(entries, info, &self.pieces) {
            Step::More => {}
            Step::Upto(last) => self.pieces.retain_mut(|piece| {
                piece.keep(|entry| entry.id > Some(last));
                !piece.append.entries.is_empty()
            }),
            Step::All => self.place(),
        }
    }

    fn place(&mut self) {
        let sight = self.search.sight();
        self.pieces.retain_mut(|piece| {
            piece.keep(|entry| sight.lacks(entry));
            !piece.append.entries.is_empty()
        });
        match sight.next(self.conflicts) {
            Some(mut next) => {
                let pieces = self.pieces.iter_mut();
                pieces.for_each(|piece| piece.put_above(&mut next));
            }
            None => self.give_up(),
        }
    }

    fn give_up(&mut self) {
        let left = self.pieces.drain(..);
        let left: usize = left.map(|piece| piece.append.entries.len()).sum();
        self.unplaced += left as u64;
    }

    pub(super) fn refused(&mut self, fault: Fault) -> Option<Next> {
        let is_look = !std::mem::take(&mut self.is_sent);
        let is_blind = fault.class == Class::Never
            || (matches!(fault.class, Class::Denied | Class::Odd) && self.rests > MOST_DENIALS);
        if is_look && is_blind {
            // As far as it can be known, it is there.
            self.search.give_up();
            return None;
        }
        Some(self.rest(fault))
    }

    fn rest(&mut self, fault: Fault) -> Next {
        self.rests += 1;
        Next::Rest(self.rests - 1, fault)
    }

    /// What is first was on its way as the part of the store that has the stream was lost; says whether that
    /// has been so too often.
    fn broke(&self) -> bool {
        let first = self.pieces.front();
        first.is_some_and(|piece| {
            piece.part.broke();
            piece.part.is_hopeless()
        })
    }

    /// Refused in words that we do not know: it was taken once, so that this will pass, unless the
    /// store takes others all the while.
    fn is_hopeless(&mut self, others: u64) -> bool {
        self.strikes += u32::from(others > self.others);
        self.others = others;
        self.strikes > STRIKES
    }
}

impl Piece {
    fn keep(&mut self, is_kept: impl Fn(&NewEntry) -> bool) {
        if !self.append.entries.iter().all(&is_kept) {
            Arc::make_mut(&mut self.append).entries.retain(is_kept);
        }
    }

    /// Gives what is not above this id one that is. What is kept of it has those ids from now on. Those who end the
    /// run of a process that is gone write right above the last id: between two of these, the store would take the
    /// second alone.
    fn put_above(&mut self, last: &mut EventId) {
        let mut moves = Vec::new();
        *last = EventId::new(last.ms(), last.n().saturating_add(ROOM));
        for at in 0..self.append.entries.len() {
            let Some(id) = self.append.entries[at].id else {
                continue;
            };
            *last = id.max(last.next());
            if id < *last {
                Arc::make_mut(&mut self.append).entries[at].id = Some(*last);
                moves.push((id, *last));
            }
        }
        self.part.go(&moves);
    }
}

/// So many entries others may write before what comes next.
const ROOM: u64 = 1 << 16;
/// How often in a row another writer may be in the way.
const MOST_CONFLICTS: u32 = 16;
/// How often a look is refused for lack of rights, say, until the line goes on without.
const MOST_DENIALS: u32 = 8;
