//! A phase of a job: what its span has said so far, and what of that its stream gets.

mod pace;
mod so_far;
mod throttle;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use stream_events::__private::{WeakJob, after, next_phase, of_phase, progress_of};
use stream_events::{Job, Progress};

use crate::alone::alone;
use crate::around::Around;
use crate::fields::Said;
use pace::Pace;
use so_far::SoFar;
pub use throttle::DEFAULT_THROTTLE;
use throttle::{Throttle, Turn};

/// The state of one `progress_span!`. A span may be kept for longer than its job is at work, and must
/// not keep it from its end.
#[derive(Debug)]
pub(crate) struct Phase {
    pub(crate) job: WeakJob,
    /// Tells it from the other phases of the run. A span's id would be another span's after it.
    pub(crate) number: u64,
    /// The phase that it is part of.
    parent: Option<u64>,
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    so_far: SoFar,
    throttle: Throttle,
}

impl Phase {
    /// Begins a phase, within another or not, and says so.
    pub(crate) fn begin(
        job: &Job,
        around: Option<&Around>,
        said: Said,
        throttle: Duration,
    ) -> Arc<Self> {
        let mut said = said.scrubbed(job);
        said.step = said.step.or_else(|| around?.step());
        if let Some(around) = around {
            around.say();
        }
        let now = Instant::now();
        let phase = Arc::new(Self {
            job: WeakJob::of(job),
            number: next_phase(job),
            parent: around.map(Around::number),
            started: now,
            state: Mutex::new(State {
                so_far: SoFar::default(),
                throttle: Throttle::new(throttle, now),
            }),
        });
        phase.change(now, |so_far| {
            so_far.take(said);
            true
        });
        phase
    }

    /// Takes in what was said, and says where the phase stands, now or in its time; nothing after the
    /// job.
    pub(crate) fn update(self: &Arc<Self>, said: Said) {
        if let Some(job) = self.job.upgrade() {
            let said = said.scrubbed(&job);
            self.change(Instant::now(), |so_far| so_far.take(said));
        }
    }

    /// Moves on by so many.
    pub(crate) fn advance(self: &Arc<Self>, by: u64) {
        self.change(Instant::now(), |so_far| so_far.advance(by));
    }

    /// Ends the phase, and says how long it took.
    pub(crate) fn end(self: &Arc<Self>) {
        let now = Instant::now();
        self.change(now, |so_far| {
            so_far.elapsed = Some(now.saturating_duration_since(self.started));
            true
        });
    }

    pub(crate) fn step(&self) -> Option<String> {
        self.state().so_far.step.clone()
    }

    /// Makes a change, which says whether it can wait to be shown.
    fn change(self: &Arc<Self>, now: Instant, change: impl FnOnce(&mut SoFar) -> bool) {
        let mut state = self.state();
        let is_urgent = change(&mut state.so_far);
        let turn = state.throttle.changed(is_urgent, now);
        self.take(turn, state, now);
    }

    /// Says what there was no time for.
    fn wake(self: &Arc<Self>) {
        let (mut state, now) = (self.state(), Instant::now());
        let turn = state.throttle.woken(now);
        self.take(turn, state, now);
    }

    /// The lock is held until what is said is handed over, so that it comes in its order. No code of a
    /// user's runs under it: texts are made, and scrubbed, before they are taken in.
    fn take(self: &Arc<Self>, turn: Turn, mut state: MutexGuard<'_, State>, now: Instant) {
        match turn {
            Turn::Speak => {
                let job = self.job.upgrade();
                let progress = self.progress(&mut state.so_far, now);
                if let Some(job) = &job {
                    progress_of(job, self.number, progress);
                }
                // Before the job, whose last handle this may be by now.
                drop(state);
            }
            Turn::Later(time) => {
                drop(state);
                let phase = Arc::downgrade(self);
                after(time, move || {
                    if let Some(phase) = phase.upgrade() {
                        alone(|| phase.wake());
                    }
                });
            }
            Turn::Wait => {}
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn progress(&self, so_far: &mut SoFar, now: Instant) -> Progress {
        let elapsed = now.saturating_duration_since(self.started);
        let pace = Pace::of(so_far.current, so_far.total, elapsed);
        let mut progress = of_phase(so_far.say(pace.percent), self.number, self.parent);
        if let Some(rate) = pace.rate {
            progress = progress.rate(rate);
        }
        if let Some(eta) = pace.eta {
            progress = progress.eta_ms(eta.as_millis() as u64);
        }
        progress
    }
}
