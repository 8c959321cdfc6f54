//! Progress that comes piece by piece, as the Layer hears it: each is written at once, where it stands.

use std::fmt;

use super::Progress;
use crate::Fields;

/// What stands in place of a text whose `Display` fails or panics.
pub const NO_TEXT: &str = "a text that does not display";

/// Progress that has nothing yet, not even a message.
pub fn nothing_yet() -> Progress {
    Progress {
        own: Fields::new(),
        more: Fields::new(),
    }
}

/// The message, by a `Display` of the user's own.
pub fn say<T: fmt::Display + ?Sized>(progress: &mut Progress, message: &T) {
    progress.own.add_own_text("progress", message, NO_TEXT);
}

/// The step, by a `Display` of the user's own.
pub fn say_step<T: fmt::Display + ?Sized>(progress: &mut Progress, step: &T) {
    progress.own.add_own_text("step", step, NO_TEXT);
}

/// Fields of the job's own, as they are added to those that there are.
pub fn add_fields(progress: &mut Progress, add: impl FnOnce(Fields) -> Fields) {
    progress.more = add(std::mem::take(&mut progress.more));
}
