//! An event that waits.

mod cost;

use std::sync::Arc;
use std::time::Instant;

use super::room;
use super::waiter::Waiter;
use crate::event::{EventType, Page, Timestamp, Values, payload};
use crate::job::{BEATS, Run};
use crate::spool::{Name, Record};

/// An event on its way: its own fields as they were written at the call, the rest made when it is
/// sent.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) run: Arc<Run>,
    pub(crate) event_type: EventType,
    pub(crate) at: Timestamp,
    /// The event's own fields, as [`Fields::into_text`](crate::Fields) gives them.
    pub(crate) text: Vec<u8>,
    /// Earlier progress that this event stands for.
    pub(crate) coalesced: u64,
    /// Its number within the run, given when it leaves the queue.
    pub(crate) seq: u64,
    pub(super) waiter: Option<Arc<Waiter>>,
    /// Events of the run that were dropped between the one before and this.
    pub(super) missing: u64,
    /// Its place in the lane, by which a flush knows that it is gone.
    pub(super) index: u64,
    pub(super) cost: usize,
    pub(super) is_paid: bool,
    /// Whether it was given to the spool.
    pub(crate) is_spooled: bool,
    /// Whether its room is one of the run's slots.
    has_slot: bool,
    /// The phase whose newer progress may take its place; 0 is the run's own.
    pub(super) coalesces: Option<u64>,
    deadline: Option<Instant>,
}

impl Draft {
    pub(crate) fn new(
        run: &Arc<Run>,
        event_type: EventType,
        text: Vec<u8>,
        waiter: Option<Arc<Waiter>>,
    ) -> Self {
        Self {
            coalesces: None,
            has_slot: false,
            deadline: None,
            cost: room::EVENT_OVERHEAD + text.len(),
            run: Arc::clone(run),
            at: Timestamp::now(),
            event_type,
            text,
            waiter,
            coalesced: 0,
            seq: 0,
            missing: 0,
            index: 0,
            is_paid: false,
            is_spooled: false,
        }
    }

    /// Has its room already, of this many bytes; none means that it has yet to find it.
    pub(crate) fn paid(mut self, bytes: Option<usize>) -> Self {
        if let Some(bytes) = bytes {
            self.cost = bytes;
            self.is_paid = true;
        }
        self
    }

    /// Is progress of this phase, and newer than what is of it: takes its place while the queue is pressed.
    /// The run's first stays, whatever it is of; a heartbeat is no progress in that.
    pub(crate) fn of_phase(mut self, phase: u64) -> Self {
        let stays = phase != BEATS && self.run.marks.first_progress();
        self.coalesces = (!stays).then_some(phase);
        self
    }

    /// Is dropped where the store has not taken it by then. Not so a start or an end, or what takes one
    /// back.
    pub(crate) fn by(mut self, deadline: Option<Instant>) -> Self {
        if deadline.is_some() && !self.is_lifecycle() {
            self.deadline = deadline;
        }
        self
    }

    pub(super) fn has_deadline(&self) -> bool {
        self.deadline.is_some()
    }

    pub(crate) fn is_late(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }

    /// Starts and ends, and what takes an end back that others declared.
    fn is_lifecycle(&self) -> bool {
        self.is_for_spool() || matches!(self.event_type, EventType::TaskResumed)
    }

    /// Whether the spool keeps it while the store is away. No other event of the run comes before a
    /// start or behind an end, so that its seq is known while it waits.
    pub(crate) fn is_for_spool(&self) -> bool {
        matches!(self.event_type, EventType::TaskStarted) || self.ends()
    }

    /// Whether the event starts the run, as far as this process knows.
    pub(crate) fn opens(&self) -> bool {
        self.seq == 0
    }

    /// Whether the event ends the run.
    pub(crate) fn ends(&self) -> bool {
        self.event_type.ends_run()
    }

    /// Writes what stands in the entry.
    pub(crate) fn write(&self, page: &mut Page) {
        self.write_as(self.seq, page);
    }

    fn write_as(&self, seq: u64, page: &mut Page) {
        let Self {
            event_type,
            at,
            text,
            coalesced,
            ..
        } = self;
        let identity = &self.run.identity;
        payload::write(page, event_type, *at, identity, seq, text, *coalesced);
    }

    /// About how many bytes that will be.
    pub(crate) fn size(&self) -> usize {
        payload::size(&self.event_type, &self.run.identity, &self.text)
    }

    /// What stands in the entry under this seq, by itself.
    pub(crate) fn values(&self, seq: u64) -> Values {
        let mut page = Page::with_capacity(1, self.size());
        self.write_as(seq, &mut page);
        page.into_only()
    }

    /// What the spool keeps of it, with this seq and these values.
    pub(crate) fn record(&self, seq: u64, values: &Values) -> Record {
        Record {
            name: self.name(seq),
            key: Arc::clone(&self.run.lane.key),
            job: self.run.job.to_string(),
            at: self.at,
            event_type: self.event_type.clone(),
            data: values.data().to_vec(),
            is_held: self.run.is_held(),
        }
    }

    pub(crate) fn name(&self, seq: u64) -> Name {
        let run = self.run.id().into();
        Name { run, seq }
    }

    /// Whether it ends a run that had room kept for that.
    pub(super) fn is_promised_end(&self) -> bool {
        self.is_paid && self.ends()
    }

    /// Whether the worker is woken for it: someone may wait for anything but progress.
    pub(super) fn is_urgent(&self) -> bool {
        !matches!(self.event_type, EventType::TaskProgress) || self.waiter.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Plan;
    use crate::{JobId, Publisher};

    #[test]
    fn starts_and_ends_are_for_the_spool_and_nothing_else_is() {
        let core = Publisher::builder().url("memory:draft").unattended();
        let run = Run::begun_elsewhere(&core, JobId::try_from("job_001").unwrap(), None);
        let draft = |event_type| Draft::new(&run, event_type, Vec::new(), None);
        for event_type in [
            EventType::TaskStarted,
            EventType::TaskCompleted,
            EventType::TaskFailed,
        ] {
            assert!(draft(event_type.clone()).is_for_spool(), "{event_type}");
        }
        for event_type in [
            EventType::TaskResumed,
            EventType::TaskProgress,
            EventType::domain("row"),
        ] {
            assert!(!draft(event_type.clone()).is_for_spool(), "{event_type}");
        }
    }

    /// The first and the newest progress of a run always come: none of that is a heartbeat.
    #[test]
    fn a_heartbeat_is_neither_the_first_progress_of_its_run_nor_in_its_slots() {
        let core = Publisher::builder().url("memory:beats").unattended();
        let plan = Plan::new(JobId::try_from("job_001").unwrap(), "t");
        let run = Run::begin(&core, plan, None).unwrap();
        let draft = |phase| {
            let draft = Draft::new(&run, EventType::TaskProgress, Vec::new(), None);
            draft.of_phase(phase)
        };
        let beat = draft(BEATS);
        assert_eq!(
            (beat.coalesces, beat.may_have_a_slot()),
            (Some(BEATS), false)
        );
        let first = draft(0);
        assert_eq!((first.coalesces, first.may_have_a_slot()), (None, true));
        let next = draft(7);
        assert_eq!((next.coalesces, next.may_have_a_slot()), (Some(7), true));
    }

    #[test]
    fn what_takes_an_end_back_has_no_deadline_as_starts_and_ends_have_none() {
        let core = Publisher::builder().url("memory:deadline").unattended();
        let run = Run::begun_elsewhere(&core, JobId::try_from("job_001").unwrap(), None);
        let by = Some(Instant::now());
        let has_deadline = |event_type| {
            let draft = Draft::new(&run, event_type, Vec::new(), None);
            draft.by(by).has_deadline()
        };
        assert!(!has_deadline(EventType::TaskResumed));
        assert!(!has_deadline(EventType::TaskFailed));
        assert!(has_deadline(EventType::TaskProgress));
    }
}
