//! What the Layer says of a run's phases. No methods: those of a job are for everybody.

use std::borrow::Cow;

use super::{Job, Progress};
use crate::Fields;

/// A phase of the run that begins: its number.
#[must_use]
pub fn next_phase(job: &Job) -> u64 {
    job.run().next_phase()
}

/// Says where a phase of the run stands; while the queue is pressed, the newest of each phase stays.
/// Its texts are said as they are, with no code of the user's: they are [scrubbed](scrub) before.
pub fn progress_of(job: &Job, phase: u64, progress: Progress) {
    job.run().progress_of(phase, progress.into_fields());
}

/// A text without what is to be taken out of it.
#[must_use]
pub fn scrub<'a>(job: &Job, text: &'a str) -> Cow<'a, str> {
    job.run().scrub().text(text)
}

/// The same of fields.
#[must_use]
pub fn scrub_fields(job: &Job, fields: Fields) -> Fields {
    fields.scrubbed(job.run().scrub())
}

/// Progress of a phase of its run, and of which one that is part.
pub fn of_phase(progress: Progress, phase: u64, parent: Option<u64>) -> Progress {
    let progress = progress.with("phase", &phase);
    match parent {
        Some(parent) => progress.with("parent_phase", &parent),
        None => progress,
    }
}
