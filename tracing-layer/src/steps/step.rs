//! A step of a job: a span of the user's own, which says that it begins and that it ends, and may be
//! too short to say either.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use stream_events::__private::{WeakJob, next_phase, of_phase, progress_of, scrub};
use stream_events::{Job, Progress};

use crate::around::Around;

/// What one span shows as.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) job: WeakJob,
    /// Tells it from the phases of the run, among which it is one.
    pub(crate) number: u64,
    around: Option<Around>,
    /// Without what is taken out of texts.
    pub(crate) name: Cow<'static, str>,
    began: Instant,
    said: Mutex<Told>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Begin,
    /// Or never anything.
    All,
}

impl Step {
    /// A step that has begun, and has yet to say so.
    pub(crate) fn new(job: &Job, around: Option<Around>, name: &'static str) -> Self {
        Self {
            job: WeakJob::of(job),
            number: next_phase(job),
            around,
            name: scrub(job, name),
            began: Instant::now(),
            said: Mutex::new(Told::Nothing),
        }
    }

    /// Says that it has begun, unless it has said so, or is over.
    pub(crate) fn say(&self) {
        if let Some(around) = &self.around {
            around.say();
        }
        self.turn(|said| match said {
            Told::Nothing => (Told::Begin, Some(self.progress())),
            said => (said, None),
        });
    }

    /// It is over; says so where its begin was said.
    pub(crate) fn end(&self) {
        let elapsed = self.began.elapsed().as_millis() as u64;
        self.turn(|said| match said {
            Told::Begin => (Told::All, Some(self.progress().elapsed_ms(elapsed))),
            _ => (Told::All, None),
        });
    }

    fn progress(&self) -> Progress {
        let progress = Progress::new(&self.name).step(&self.name);
        of_phase(
            progress,
            self.number,
            self.around.as_ref().map(Around::number),
        )
    }

    /// The lock is held until it is handed over: no end comes before its begin. No code of a user's runs
    /// under it, nor on the timer's thread: the name is scrubbed when the step is made.
    fn turn(&self, turn: impl FnOnce(Told) -> (Told, Option<Progress>)) {
        let job = self.job.upgrade();
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, progress) = turn(*said);
        *said = now;
        if let Some((job, progress)) = job.as_ref().zip(progress) {
            progress_of(job, self.number, progress);
        }
        // Before the job, whose last handle this may be by now.
        drop(said);
    }
}
