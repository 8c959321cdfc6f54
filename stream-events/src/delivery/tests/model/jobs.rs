//! What jobs do in the model: they begin runs, emit, and end them.

use super::server::{BREAKS, MUTES, ODD};
use super::step::What;
use super::world::World;
use crate::Fields;
use crate::event::EventType;
use crate::job::{JobId, Plan, Run};

impl World {
    /// Begins a run, unless there is no room for it.
    pub(super) fn begin(&mut self, job: &str) -> Option<usize> {
        let job = JobId::try_from(job).unwrap();
        let fields = Fields::new().field("mark", &0);
        let run = Run::begin(&self.core, Plan::new(job, "t").fields(fields), None);
        if let Ok(run) = &run {
            self.ledger.open(run.id(), &run.lane.key);
            self.ledger.emit(run.id(), "task_started", true);
        } else {
            self.ledger.emitted += 1;
            self.ledger.refused += 1;
        }
        self.runs.push(run.ok());
        let at = self.runs.len() - 1;
        self.runs[at].is_some().then_some(at)
    }

    pub(super) fn emit(&mut self, run: usize, what: What) {
        let Some(run) = self.runs[run].clone() else {
            return;
        };
        let mut fields = Fields::new().field("mark", &self.ledger.mark(run.id()));
        let (before, mut event_type) = (self.dropped(), EventType::domain("row"));
        match what {
            What::Progress { phase } => {
                event_type = EventType::TaskProgress;
                run.progress_of(phase, fields);
                return self.emitted(&run, &event_type, before);
            }
            What::Row => {}
            What::Big => fields = fields.field("text", &"x".repeat(2000)),
            What::Breaks => event_type = EventType::domain(BREAKS),
            What::Mutes => event_type = EventType::domain(MUTES),
            What::Odd => event_type = EventType::domain(ODD),
        }
        let _ = run.emit(event_type.clone(), fields, None);
        self.emitted(&run, &event_type, before);
    }

    pub(super) fn end(&mut self, run: usize) {
        let Some(run) = self.runs[run].clone() else {
            return;
        };
        let fields = Fields::new().field("mark", &self.ledger.mark(run.id()));
        let before = self.dropped();
        let _ = run.complete(&(), &fields, None);
        self.emitted(&run, &EventType::TaskCompleted, before);
    }

    fn dropped(&self) -> u64 {
        let dropped = self.core.queue.counters.stats().dropped;
        dropped.queue_full + dropped.after_end
    }

    fn emitted(&mut self, run: &Run, event_type: &EventType, dropped: u64) {
        let is_taken = self.dropped() == dropped;
        self.ledger.emit(run.id(), event_type.as_str(), is_taken);
    }
}
