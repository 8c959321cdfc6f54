//! A phase of a job: what its span has said so far, and what of that its stream gets.

mod pace;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use stream_events::__private::WeakJob;
use stream_events::{Fields, Job, Progress};

use crate::fields::Said;
use pace::Pace;

/// The state of one `progress_span!`. A span may be kept for longer than its job is at work, and must
/// not keep it from its end.
#[derive(Debug)]
pub(crate) struct Phase {
    job: WeakJob,
    /// Tells it from the other phases of the run. A span's id would be another span's after it.
    number: u64,
    /// The phase that it is part of.
    parent: Option<u64>,
    started: Instant,
    so_far: Mutex<SoFar>,
}

#[derive(Debug, Default)]
struct SoFar {
    message: Option<String>,
    step: Option<String>,
    current: Option<u64>,
    total: Option<u64>,
}

impl Phase {
    /// Begins a phase, within another or not, and says so.
    pub(crate) fn begin(job: &Job, around: Option<&Self>, mut said: Said) -> Arc<Self> {
        let around = around.filter(|around| around.is_of(job));
        said.step = said.step.or_else(|| around?.step());
        let phase = Self {
            job: WeakJob::of(job),
            number: job.next_phase(),
            parent: around.map(|around| around.number),
            started: Instant::now(),
            so_far: Mutex::default(),
        };
        phase.update(said);
        Arc::new(phase)
    }

    /// Takes in what was said, and says where the phase stands.
    pub(crate) fn update(&self, said: Said) {
        self.change(|so_far| {
            let Said {
                message,
                step,
                current,
                total,
                percent,
                more,
            } = said;
            so_far.message = message.or_else(|| so_far.message.take());
            so_far.step = step.or_else(|| so_far.step.take());
            so_far.current = current.or(so_far.current);
            so_far.total = total.or(so_far.total);
            self.progress(so_far, percent, more)
        });
    }

    /// Moves on by so many.
    pub(crate) fn advance(&self, by: u64) {
        self.change(|so_far| {
            so_far.current = Some(so_far.current.unwrap_or(0).saturating_add(by));
            self.progress(so_far, None, Fields::new())
        });
    }

    /// Ends the phase, and says how long it took.
    pub(crate) fn end(&self) {
        let elapsed = self.started.elapsed().as_millis() as u64;
        self.change(|so_far| {
            let progress = self.progress(so_far, None, Fields::new());
            progress.elapsed_ms(elapsed)
        });
    }

    /// Whether it is of this run.
    fn is_of(&self, job: &Job) -> bool {
        let own = self.job.upgrade();
        own.is_some_and(|own| own.run_id() == job.run_id())
    }

    fn step(&self) -> Option<String> {
        self.lock().step.clone()
    }

    /// The lock is held until what is said is handed over, so that it comes in its order. No text of a
    /// user's is made under it.
    fn change(&self, change: impl FnOnce(&mut SoFar) -> Progress) {
        let job = self.job.upgrade();
        let mut so_far = self.lock();
        let progress = change(&mut so_far);
        if let Some(job) = &job {
            job.progress_of(self.number, progress);
        }
        // Before the job, whose last handle this may be by now.
        drop(so_far);
    }

    fn lock(&self) -> MutexGuard<'_, SoFar> {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn progress(&self, so_far: &SoFar, percent: Option<f64>, more: Fields) -> Progress {
        let pace = Pace::of(so_far.current, so_far.total, self.started.elapsed());
        let said = Said {
            message: so_far.message.clone(),
            step: so_far.step.clone(),
            current: so_far.current,
            total: so_far.total,
            percent: percent.or(pace.percent),
            more,
        };
        let mut progress = said.into_progress().phase(self.number, self.parent);
        if let Some(rate) = pace.rate {
            progress = progress.rate(rate);
        }
        if let Some(eta) = pace.eta {
            progress = progress.eta_ms(eta.as_millis() as u64);
        }
        progress
    }
}
