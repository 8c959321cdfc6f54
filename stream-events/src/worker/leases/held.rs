//! The runs at work whose leases this process holds.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};

use crate::job::Run;
use crate::lease;

#[derive(Default)]
pub(super) struct Held {
    by_member: HashMap<Arc<str>, Lease>,
    looks: VecDeque<Arc<str>>,
}

struct Lease {
    run: Weak<Run>,
    /// Whether it has yet to be asked for.
    is_new: bool,
    /// The run's events before this seq were delivered when the lease was last known to stand.
    delivered: u64,
    suspicion: Suspicion,
}

/// Whether the run may have been declared lost.
enum Suspicion {
    None,
    /// Its lease was gone, or had run out: behind its events before this seq it is to be seen.
    Waiting(u64),
    Asked(u64),
    /// It was, and the run has said that it goes on, which is behind its events before this seq. Until
    /// that or another is delivered, there is nothing more to say.
    Resumed(u64),
}

/// A question to a run's stream: whether it was declared lost behind its events before `since`.
pub(in crate::worker) struct Look {
    pub(in crate::worker) run: Weak<Run>,
    pub(in crate::worker) since: u64,
    pub(super) member: Arc<str>,
}

impl Held {
    pub(super) fn is_empty(&self) -> bool {
        self.by_member.is_empty()
    }

    pub(super) fn has(&self, member: &Arc<str>) -> bool {
        self.by_member.contains_key(member)
    }

    pub(super) fn begin(&mut self, run: &Arc<Run>) -> Arc<str> {
        let member = lease::member(run.id(), &run.job);
        let lease = Lease {
            run: Arc::downgrade(run),
            is_new: true,
            delivered: 0,
            suspicion: Suspicion::None,
        };
        self.by_member.insert(Arc::clone(&member), lease);
        member
    }

    pub(super) fn end(&mut self, run: &Run) -> Option<Arc<str>> {
        let member = lease::member(run.id(), &run.job);
        self.by_member.remove(&member).map(|_| member)
    }

    /// These are new no more: they are asked for.
    pub(super) fn ask_for(&mut self, members: &[Arc<str>]) {
        for member in members {
            if let Some(lease) = self.by_member.get_mut(member) {
                lease.is_new = false;
            }
        }
    }

    /// Those to be renewed: of runs that are there still, and not new.
    pub(super) fn renewed(&mut self) -> Vec<Arc<str>> {
        self.by_member
            .retain(|_, lease| lease.run.strong_count() > 0);
        let old = self.by_member.iter().filter(|(_, lease)| !lease.is_new);
        old.map(|(member, _)| Arc::clone(member)).collect()
    }

    /// These were gone, or had run out.
    pub(super) fn suspect(&mut self, members: &[Arc<str>]) {
        for member in members {
            match self.by_member.get_mut(member) {
                Some(lease) if !lease.is_suspected() => {
                    lease.suspicion = Suspicion::Waiting(lease.delivered);
                    self.looks.push_back(Arc::clone(member));
                }
                _ => {}
            }
        }
    }

    /// From now on these stand.
    pub(super) fn stand(&mut self, members: &[Arc<str>]) {
        for member in members {
            if let Some(lease) = self.by_member.get_mut(member) {
                lease.delivered = lease.now_delivered();
            }
        }
    }

    pub(super) fn next_look(&mut self) -> Option<Look> {
        while let Some(member) = self.looks.pop_front() {
            if let Some(lease) = self.by_member.get_mut(&member)
                && let Suspicion::Waiting(since) = lease.suspicion
            {
                lease.suspicion = Suspicion::Asked(since);
                let run = Weak::clone(&lease.run);
                return Some(Look { run, since, member });
            }
        }
        None
    }

    /// The question is answered.
    pub(super) fn clear(&mut self, look: &Look) {
        if let Some(lease) = self.by_member.get_mut(&look.member) {
            lease.suspicion = Suspicion::None;
        }
    }

    /// The run was declared lost, and has taken that back: its lease is to be taken anew.
    pub(super) fn resumed(&mut self, look: &Look) -> Option<Arc<str>> {
        let lease = self.by_member.get_mut(&look.member)?;
        lease.suspicion = Suspicion::Resumed(lease.now_delivered());
        Some(Arc::clone(&look.member))
    }

    /// Those questions are asked again to which no answer has come.
    pub(super) fn look_again(&mut self) {
        for (member, lease) in &mut self.by_member {
            if let Suspicion::Asked(since) = lease.suspicion {
                lease.suspicion = Suspicion::Waiting(since);
                self.looks.push_back(Arc::clone(member));
            }
        }
    }
}

impl Lease {
    fn is_suspected(&self) -> bool {
        match self.suspicion {
            Suspicion::None => false,
            Suspicion::Resumed(delivered) => self.now_delivered() <= delivered,
            Suspicion::Waiting(_) | Suspicion::Asked(_) => true,
        }
    }

    fn now_delivered(&self) -> u64 {
        let run = self.run.upgrade();
        run.map_or(0, |run| run.marks.delivered())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Plan;
    use crate::{JobId, Publisher};

    #[test]
    fn that_a_run_goes_on_is_not_said_again_before_it_was_heard() {
        let core = Publisher::builder().url("memory:held").unattended();
        let job = JobId::try_from("job_001").unwrap();
        let run = Run::begin(&core, Plan::new(job, "t"), None).unwrap();
        let mut held = Held::default();
        let member = [held.begin(&run)];
        held.suspect(&member);
        let look = held.next_look().unwrap();
        held.resumed(&look);
        held.suspect(&member);
        assert!(held.next_look().is_none());
        run.marks.deliver(1);
        held.suspect(&member);
        assert!(held.next_look().is_some());
    }
}
