//! How one event changes where a job stands.

use std::mem;

use super::bounds::{self, MOST_EARLIER};
use super::{JobState, Status};
use crate::event::Facts;
use crate::{Event, EventType, MAX_PAYLOAD, Number};

impl JobState {
    pub(super) fn take(&mut self, event: &Event) {
        let begins_anew = mem::take(&mut self.begins_anew) || self.events == 0;
        if event.id() <= self.last_id && !begins_anew {
            return;
        }
        self.events = self.events.saturating_add(1);
        self.last_id = event.id();
        self.updated = Some(event.timestamp());
        if event.says_how_the_job_stands() && self.turn_to(event) {
            self.take_in(event);
        } else if event.own_run().is_none() {
            self.take_origin(&Facts::of(&event.data()));
        }
    }

    /// Whether the event is of the run that this is the state of, which it may make it.
    fn turn_to(&mut self, event: &Event) -> bool {
        let run = event.own_run().map(|run| bounds::name(run.to_owned()));
        let is_start = *event.event_type() == EventType::TaskStarted;
        match (run, &self.run) {
            // A start that is written again, by a process that was not told of the first, is the same.
            (Some(run), Some(current)) if run == *current => {}
            (run, _) if is_start => self.begin(run),
            (None, _) => {}
            // Of what was seen so far nobody has said which run it is of.
            (Some(run), None) if self.started.is_none() => self.run = Some(run),
            // Of a run whose start is missing, or that ends the job while another is at work.
            (run, _) if self.status != Status::Running || event.is_terminal() => self.begin(run),
            // An earlier run that still says something, while the one that took its place is at work.
            _ => return false,
        }
        true
    }

    fn take_in(&mut self, event: &Event) {
        let data = event.data();
        let facts = Facts::of(&data);
        self.take_origin(&facts);
        self.runs = self.runs.max(1);
        match event.event_type() {
            EventType::TaskCompleted => self.complete(event, &facts),
            EventType::TaskFailed => self.fail(event, &facts),
            other => {
                self.reopen();
                match other {
                    EventType::TaskStarted => self.started = Some(event.timestamp()),
                    EventType::TaskProgress => self.progress(event, &facts),
                    _ => {}
                }
            }
        }
    }

    fn begin(&mut self, run: Option<String>) {
        let next = Self {
            status: Status::Running,
            task_type: self.task_type.take(),
            parent_job_id: self.parent_job_id.take(),
            run,
            runs: self.runs,
            children: mem::take(&mut self.children),
            events: self.events,
            missing: self.missing,
            last_id: self.last_id,
            updated: self.updated,
            earlier: mem::take(&mut self.earlier),
            ..Self::new(mem::take(&mut self.job_id))
        };
        let before = mem::replace(self, next);
        let is_new = self
            .run
            .as_ref()
            .is_none_or(|run| !self.earlier.contains(run));
        if is_new {
            self.runs = self.runs.saturating_add(1);
        }
        if let Some(run) = before.run.filter(|run| !self.earlier.contains(run)) {
            if self.earlier.len() >= MOST_EARLIER {
                self.earlier.remove(0);
            }
            self.earlier.push(run);
        }
    }

    /// Its run is at work, be it again: it was declared lost and lives, or a foreign writer goes on.
    fn reopen(&mut self) {
        if self.status != Status::Running {
            self.status = Status::Running;
            (self.ended, self.duration, self.result) = (None, None, None);
            (self.error, self.error_kind, self.will_retry) = (None, None, false);
        }
    }

    /// What each event may say of where its run comes from.
    fn take_origin(&mut self, facts: &Facts<'_>) {
        let name = |key| facts.text(key).map(bounds::name);
        renew(&mut self.task_type, name("task_type"));
        renew(&mut self.parent_job_id, name("parent_job_id"));
        renew(&mut self.worker, name("worker"));
        renew(&mut self.attempt, facts.count("attempt"));
        renew(&mut self.max_attempts, facts.count("max_attempts"));
    }

    fn progress(&mut self, event: &Event, facts: &Facts<'_>) {
        renew(&mut self.message, facts.text("progress").map(bounds::text));
        let phase = facts.count("phase");
        if let Some(phase) = phase {
            self.take_phase(phase, facts, event.timestamp());
        }
        let step = facts.text("step").map(bounds::name);
        let is_inner = facts.count("parent_phase").is_some();
        if phase.is_none() || !(is_inner || self.has_own_numbers) {
            self.take_numbers(facts, step.is_some() && step != self.step, phase.is_none());
        }
        renew(&mut self.step, step);
    }

    /// Numbers of what is over are none of what comes next.
    fn take_numbers(&mut self, facts: &Facts<'_>, is_other_step: bool, are_own: bool) {
        if is_other_step {
            (self.current, self.total, self.percent) = (None, None, None);
        }
        let (current, total) = (facts.number("current"), facts.number("total"));
        let percent = facts.float("percent");
        let are_there = current.is_some() || total.is_some() || percent.is_some();
        self.has_own_numbers |= are_own && are_there;
        renew(&mut self.current, current);
        renew(&mut self.total, total);
        let by_numbers = || share(self.current?, self.total?);
        if are_there {
            self.percent = percent.or_else(by_numbers).or(self.percent);
        }
        if are_there || is_other_step {
            (self.rate, self.eta) = (facts.float("rate"), facts.millis("eta_ms"));
        }
    }

    fn complete(&mut self, event: &Event, facts: &Facts<'_>) {
        self.end(event, facts);
        self.status = Status::Completed;
        self.result = facts.json("result", MAX_PAYLOAD);
        (self.error, self.error_kind, self.will_retry) = (None, None, false);
    }

    fn fail(&mut self, event: &Event, facts: &Facts<'_>) {
        self.end(event, facts);
        self.will_retry = !event.is_terminal();
        self.status = match self.will_retry {
            true => Status::Retrying,
            false => Status::Failed,
        };
        self.result = None;
        self.error = facts.text("error").map(bounds::text);
        self.error_kind = facts.text("error_kind").map(bounds::name);
    }

    fn end(&mut self, event: &Event, facts: &Facts<'_>) {
        let ended = event.timestamp();
        self.ended = Some(ended);
        let by_times = || ended.duration_since(self.started?).ok();
        self.duration = facts.millis("duration_ms").or_else(by_times);
        (self.rate, self.eta) = (None, None);
    }
}

/// Keeps what was said before where nothing is said of it.
fn renew<T>(kept: &mut Option<T>, said: Option<T>) {
    if said.is_some() {
        *kept = said;
    }
}

/// In percent; none of nothing.
fn share(current: Number, total: Number) -> Option<f64> {
    let percent = 100.0 * current.as_f64() / total.as_f64();
    percent.is_finite().then_some(percent)
}
