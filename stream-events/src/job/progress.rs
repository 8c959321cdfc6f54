//! Where a job stands.

use std::fmt;
use std::mem::take;

use serde::Serialize;

use super::numbers::Numbers;
use super::pieces::{NO_TEXT, nothing_yet};
use crate::event::Message;
use crate::{Fields, Scrub};

/// The keys of progress that readers know, beside the message.
pub(crate) const KEYS: [&str; 4] = ["step", "current", "total", "percent"];

/// One progress event's content: a message for people, and numbers for bars.
#[derive(Clone)]
#[must_use = "pass it to `Job::progress`"]
pub struct Progress {
    /// Until there is more of ours.
    pub(super) message: Option<Message>,
    pub(super) own: Fields,
    /// Those that are not among `own` yet.
    pub(super) numbers: Numbers,
    pub(super) more: Fields,
}

impl Progress {
    /// Progress with a message, a sentence for people.
    pub fn new(message: impl AsRef<str>) -> Self {
        Self {
            message: Some(Message::of(message.as_ref(), NO_TEXT)),
            ..nothing_yet()
        }
    }

    /// The phase that the job is in.
    pub fn step(mut self, step: impl AsRef<str>) -> Self {
        self.own().add_own("step", step.as_ref());
        self
    }

    /// How many of [`total`](Self::total) are done.
    pub fn current(mut self, current: u64) -> Self {
        self.numbers.current = Some(current);
        self
    }

    /// How many there are.
    pub fn total(mut self, total: u64) -> Self {
        self.numbers.total = Some(total);
        self
    }

    /// How much is done, from 0 to 100. What is no finite number is left out.
    pub fn percent(mut self, percent: f64) -> Self {
        self.numbers.set_percent(percent);
        self
    }

    /// About how long the rest takes, in milliseconds.
    pub fn eta_ms(self, eta: u64) -> Self {
        self.with("eta_ms", &eta)
    }

    /// How many are done in a second. What is no finite number is left out.
    pub fn rate(self, rate: f64) -> Self {
        if rate.is_finite() {
            self.with("rate", &rate)
        } else {
            self
        }
    }

    /// How long it took, in milliseconds, where it is done.
    pub fn elapsed_ms(self, elapsed: u64) -> Self {
        self.with("elapsed_ms", &elapsed)
    }

    /// Fields of the job's own.
    pub fn fields(mut self, fields: &Fields) -> Self {
        if !fields.is_empty() {
            self.more = self.more.and(fields);
        }
        self
    }

    pub(crate) fn into_fields(mut self) -> Fields {
        self.write_numbers();
        if self.more.is_empty() {
            return self.own;
        }
        let fields = self.own.and(&self.more);
        self.more.spare();
        fields
    }

    /// Takes it as the text of an event with so much room, where nothing is to be taken out or cut: most
    /// progress is a message and numbers.
    pub(crate) fn take_text_as_it_is(&mut self, room: usize, scrub: &Scrub) -> Option<Vec<u8>> {
        if !self.more.is_empty() {
            return None;
        }
        let room = room.saturating_sub(Numbers::MOST);
        let message = self
            .message
            .take_if(|message| message.is_left(room, scrub))?;
        let mut text = message.into_text();
        self.numbers.write(&mut text);
        Some(text)
    }

    pub(super) fn with<T: Serialize + ?Sized>(mut self, key: &'static str, value: &T) -> Self {
        self.write_numbers();
        self.own.add_own(key, value);
        self
    }

    /// Those of ours, as fields.
    pub(super) fn own(&mut self) -> &mut Fields {
        if let Some(message) = self.message.take() {
            self.own = message.into_fields();
        }
        &mut self.own
    }

    fn write_numbers(&mut self) {
        take(&mut self.numbers).add_to(self.own());
    }
}

/// As its fields.
impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Progress")
            .field(&self.clone().into_fields())
            .finish()
    }
}

impl<T: AsRef<str>> From<T> for Progress {
    fn from(message: T) -> Self {
        Self::new(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MAX_PAYLOAD;

    #[test]
    fn standard_keys_come_first_and_keep_their_names() {
        let progress = Progress::new("parsing")
            .fields(&Fields::new().field("step", &1))
            .step("parse")
            .current(3)
            .total(10);
        assert_eq!(
            progress.into_fields().to_string(),
            r#"{"progress":"parsing","step":"parse","current":3,"total":10,"step_":1}"#
        );
    }

    #[test]
    fn percent_is_a_short_number_or_nothing() {
        for (percent, written) in [
            (10.0, r#"{"progress":"","percent":10}"#),
            (f64::from(33.3_f32), r#"{"progress":"","percent":33.3}"#),
            (f64::NAN, r#"{"progress":""}"#),
            (f64::INFINITY, r#"{"progress":""}"#),
        ] {
            assert_eq!(
                Progress::new("").percent(percent).into_fields().to_string(),
                written
            );
        }
    }

    #[test]
    fn what_is_said_again_is_said_once() {
        let progress = Progress::new("parsing").step("a").current(1).total(10);
        let progress = progress
            .current(22)
            .step("\"")
            .percent(1.0)
            .percent(f64::NAN);
        assert_eq!(
            progress.into_fields().to_string(),
            r#"{"progress":"parsing","step":"\"","current":22,"total":10,"percent":1}"#
        );
    }

    #[test]
    fn what_can_be_said_as_it_is_is_said_as_field_by_field() {
        let numbers = |progress: Progress| progress.current(7).total(u64::MAX).percent(33.25);
        for progress in [
            Progress::new("reading page 7 of 12"),
            Progress::new("").percent(1e300),
            Progress::new("tab-b: a \"quoted\" text"),
            numbers(Progress::new("正在读取")),
        ] {
            let fields = progress.clone().into_fields();
            let text = progress
                .clone()
                .take_text_as_it_is(MAX_PAYLOAD, &Scrub::default());
            assert_eq!(text.unwrap(), fields.into_text(MAX_PAYLOAD), "{progress:?}");
        }
    }

    #[test]
    fn what_may_have_to_be_changed_is_not_said_as_it_is() {
        for mut progress in [
            Progress::new("redis://user:s3cret@host"),
            Progress::new("a".repeat(MAX_PAYLOAD)),
            Progress::new("with a step").step("parse"),
            Progress::new("with a field").fields(&Fields::new().field("password", &"s3cret")),
        ] {
            let before = format!("{progress:?}");
            let text = progress.take_text_as_it_is(MAX_PAYLOAD, &Scrub::default());
            assert_eq!(text, None);
            assert_eq!(format!("{progress:?}"), before, "nothing of it is gone");
        }
    }

    #[test]
    fn what_a_hook_is_to_see_is_not_said_as_it_is() {
        let scrub = Scrub::none().and(|_| None);
        let mut progress = Progress::new("reading");
        assert_eq!(progress.take_text_as_it_is(MAX_PAYLOAD, &scrub), None);
    }
}
