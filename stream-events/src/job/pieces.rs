//! Progress that comes piece by piece, as the Layer hears it: each is written at once, where it stands.

use std::fmt;

use super::numbers::Numbers;
use super::{Job, Progress};
use crate::Fields;
use crate::event::Message;

/// What stands in place of a text whose `Display` fails or panics.
pub const NO_TEXT: &str = "a text that does not display";

/// Progress that has nothing yet, not even a message.
pub fn nothing_yet() -> Progress {
    Progress {
        message: None,
        own: Fields::new(),
        numbers: Numbers::default(),
        more: Fields::new(),
    }
}

/// The message, by a `Display` of the user's own.
// What hears of each field by its name has mostly heard of a number, and is not to carry this along.
#[inline(never)]
pub fn say<T: fmt::Display + ?Sized>(progress: &mut Progress, message: &T) {
    if progress.own.is_empty() {
        progress.message = Some(Message::of(message, NO_TEXT));
    } else {
        progress.own.add_own_text("progress", message, NO_TEXT);
    }
}

/// The step, by a `Display` of the user's own.
#[inline(never)]
pub fn say_step<T: fmt::Display + ?Sized>(progress: &mut Progress, step: &T) {
    progress.own().add_own_text("step", step, NO_TEXT);
}

/// Fields of the job's own, as they are added to those that there are.
#[inline(never)]
pub fn add_fields(progress: &mut Progress, add: impl FnOnce(Fields) -> Fields) {
    progress.more = add(std::mem::take(&mut progress.more));
}

/// The numbers that are known.
pub fn say_numbers(
    progress: &mut Progress,
    current: Option<u64>,
    total: Option<u64>,
    percent: Option<f64>,
) {
    let numbers = &mut progress.numbers;
    (numbers.current, numbers.total) = (current, total);
    if let Some(percent) = percent {
        numbers.set_percent(percent);
    }
}

/// All of it is there: hands it over as the job's.
pub fn said(job: &Job, progress: &mut Progress) {
    job.run().say(progress);
}
