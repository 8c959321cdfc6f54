//! One stream, and those who wait for its entries.

use std::mem;

use tokio::sync::oneshot;

use crate::EventId;
use crate::store::{Fault, Page};

/// A read that waits.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) after: EventId,
    pub(super) count: usize,
    /// Whether it may find a long way to the newest entry.
    pub(super) is_behind: bool,
    pub(super) tell: oneshot::Sender<Page>,
}

#[derive(Debug)]
pub(super) struct Topic {
    /// No other of a session had this one.
    pub(super) number: u64,
    /// Who may read it again.
    pub(super) members: usize,
    /// At most one of each cursor.
    groups: Vec<Group>,
    /// Nothing stood behind this when it was looked at last, and nothing has changed since.
    quiet_after: Option<EventId>,
    pub(super) known: Known,
}

/// What is known of a stream since it was looked at, where it is told what changes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Known {
    Nothing,
    /// It is being looked at.
    Asked,
    /// The last id that it has given out.
    LastId(EventId),
}

/// Readers that have come equally far, and are served by one read.
#[derive(Debug)]
struct Group {
    after: EventId,
    count: usize,
    readers: Vec<Read>,
    state: State,
    /// Whether the stream has changed since they wait.
    is_woken: bool,
    /// Whether the next read is to find out if there is a stream at all.
    is_probe: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Waits,
    Due,
    /// So many were asked for. What changes meanwhile is one read more, however often it does.
    Asked {
        count: usize,
        is_stale: bool,
    },
}

impl Topic {
    pub(super) fn new(number: u64) -> Self {
        Self {
            number,
            members: 0,
            groups: Vec::new(),
            quiet_after: None,
            known: Known::Nothing,
        }
    }

    /// Whether those who have come so far are to be read for.
    pub(super) fn read(&mut self, read: Read) -> bool {
        let enough = 2 * self.members;
        if let Some(group) = self.group(read.after) {
            if group.readers.len() >= enough {
                // Of those who waited in vain, and ask again.
                group.readers.retain(|reader| !reader.tell.is_closed());
            }
            group.count = group.count.max(read.count);
            group.readers.push(read);
            return false;
        }
        let is_quiet = self.quiet_after.is_some_and(|id| read.after >= id);
        let is_due = !is_quiet && read.after < EventId::MAX;
        if self.groups.is_empty() {
            // Most have one.
            self.groups.reserve_exact(1);
        }
        self.groups.push(Group {
            after: read.after,
            count: read.count,
            readers: vec![read],
            state: if is_due { State::Due } else { State::Waits },
            is_woken: false,
            is_probe: false,
        });
        is_due
    }

    /// Names those that are to be read for, by how far they have come.
    pub(super) fn changed(&mut self, mut due: impl FnMut(EventId)) {
        (self.quiet_after, self.known) = (None, Known::Nothing);
        self.clear();
        for group in &mut self.groups {
            group.is_woken = true;
            match &mut group.state {
                State::Waits if group.after == EventId::MAX => {}
                State::Waits => {
                    group.state = State::Due;
                    due(group.after);
                }
                State::Due => group.is_probe = false,
                State::Asked { is_stale, .. } => *is_stale = true,
            }
        }
    }

    /// After what, and how many, where there is still somebody to read for.
    pub(super) fn ask(&mut self, after: EventId) -> Option<(EventId, usize)> {
        let group = self
            .group(after)
            .filter(|group| group.state == State::Due)?;
        let (after, count) = match group.is_probe {
            true => (EventId::ZERO, 1),
            false => (after, group.count),
        };
        let is_stale = false;
        group.state = State::Asked { count, is_stale };
        Some((after, count))
    }

    /// Passes on what was read for those who had come so far; whether they are to be read for again.
    pub(super) fn answered(&mut self, after: EventId, page: Page) -> bool {
        let Some(group) = self.group(after) else {
            return false;
        };
        let State::Asked { count, is_stale } = group.state else {
            return false;
        };
        let (is_probe, found) = (mem::take(&mut group.is_probe), page.as_ref().map(Vec::len));
        match found {
            Ok(0) if is_stale => {
                group.state = State::Due;
                return true;
            }
            // Woken by what is no entry: by its end, it may be.
            Ok(0) if !is_probe && group.is_woken && after > EventId::ZERO => {
                (group.state, group.is_woken, group.is_probe) = (State::Due, false, true);
                return true;
            }
            Ok(0) if !is_probe => {
                (group.state, self.quiet_after) = (State::Waits, Some(after));
            }
            Ok(1..) if is_probe => {
                if is_stale {
                    group.state = State::Due;
                    return true;
                }
                (group.state, self.quiet_after) = (State::Waits, Some(after));
            }
            Ok(found) => {
                if !is_stale && found < count {
                    self.quiet_after = page.as_ref().ok().and_then(|page| Some(page.last()?.id));
                }
                self.tell(after, page);
            }
            Err(_) => self.tell(after, page),
        }
        false
    }

    /// After what somebody waits, who has come less far than others who do; none while the stream is read, or
    /// is to be.
    pub(super) fn cursor(&self) -> Option<EventId> {
        let waits = |group: &&Group| group.state == State::Waits && group.after < EventId::MAX;
        let waiting = self.groups.iter().filter(waits).map(|group| group.after);
        waiting.min().filter(|_| self.quiet_after.is_some())
    }

    /// Looks again at one that waits, though nothing has changed.
    pub(super) fn recheck(&mut self) -> Option<EventId> {
        let waits = |group: &&mut Group| group.state == State::Waits && group.after < EventId::MAX;
        let group = self.groups.iter_mut().find(waits)?;
        group.state = State::Due;
        Some(group.after)
    }

    /// Forgets those who have gone.
    pub(super) fn clear(&mut self) {
        self.groups.retain_mut(|group| {
            group.readers.retain(|reader| !reader.tell.is_closed());
            !group.readers.is_empty() || group.state != State::Waits
        });
    }

    fn group(&mut self, after: EventId) -> Option<&mut Group> {
        self.groups.iter_mut().find(|group| group.after == after)
    }

    /// Each reader has as many as it asked for.
    fn tell(&mut self, after: EventId, page: Page) {
        let Some(at) = self.groups.iter().position(|group| group.after == after) else {
            return;
        };
        let mut readers = self.groups.swap_remove(at).readers.into_iter();
        let Some(last) = readers.next_back() else {
            return;
        };
        // Who has gone need not know.
        for reader in readers {
            let page = page.as_ref().map_err(Fault::clone);
            let some = page.map(|page| page.iter().take(reader.count).cloned().collect());
            let _ = reader.tell.send(some);
        }
        let page = page.map(|mut page| {
            page.truncate(last.count);
            page
        });
        let _ = last.tell.send(page);
    }
}
