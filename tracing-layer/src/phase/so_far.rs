//! What a phase has said so far.

use std::time::Duration;

use stream_events::{Fields, Progress};

use crate::fields::Said;

/// All that a phase says again each time, and what it has yet to say once.
#[derive(Debug, Default)]
pub(super) struct SoFar {
    message: Option<String>,
    pub(super) step: Option<String>,
    pub(super) current: Option<u64>,
    pub(super) total: Option<u64>,
    /// As it was given, where it does not follow from the numbers.
    percent: Option<f64>,
    /// How long it took.
    pub(super) elapsed: Option<Duration>,
    /// Fields of the job's own, by their names: of those that come again, the newest are said.
    unsaid: Vec<(Vec<&'static str>, Fields)>,
}

impl SoFar {
    /// Takes in what was said. Whether that cannot wait: it is more than numbers, or all is done now.
    pub(super) fn take(&mut self, said: Said) -> bool {
        let was_done = self.is_done();
        let Said {
            message,
            step,
            current,
            total,
            percent,
            more,
            names,
            has_text,
        } = said;
        let is_new = renew(&mut self.message, message)
            | renew(&mut self.step, step)
            | renew(&mut self.total, total);
        let has_moved = renew(&mut self.current, current);
        let kept = self.percent.filter(|_| !has_moved);
        self.percent = percent.or(kept);
        if !names.is_empty() {
            self.unsaid.retain(|(earlier, _)| *earlier != names);
            self.unsaid.push((names, more));
        }
        is_new || has_text || (!was_done && self.is_done())
    }

    /// Moves on by so many. Whether all is done now.
    pub(super) fn advance(&mut self, by: u64) -> bool {
        let was_done = self.is_done();
        self.current = Some(self.current.unwrap_or(0).saturating_add(by));
        self.percent = None;
        !was_done && self.is_done()
    }

    /// All of it, once.
    pub(super) fn say(&mut self, percent: Option<f64>) -> Progress {
        let said = Said {
            message: self.message.clone(),
            step: self.step.clone(),
            current: self.current,
            total: self.total,
            percent: self.percent.or(percent),
            ..Said::default()
        };
        let mut progress = said.into_progress();
        for (_, fields) in self.unsaid.drain(..) {
            progress = progress.fields(&fields);
        }
        match self.elapsed {
            Some(elapsed) => progress.elapsed_ms(elapsed.as_millis() as u64),
            None => progress,
        }
    }

    fn is_done(&self) -> bool {
        let numbers = self.current.zip(self.total);
        numbers.is_some_and(|(current, total)| current >= total)
    }
}

/// Keeps what is said, and tells whether that is something else.
fn renew<T: PartialEq>(kept: &mut Option<T>, said: Option<T>) -> bool {
    let is_new = said.is_some() && said != *kept;
    if is_new {
        *kept = said;
    }
    is_new
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn of(current: u64, total: u64) -> SoFar {
        SoFar {
            message: text("reading"),
            current: Some(current),
            total: Some(total),
            ..SoFar::default()
        }
    }

    #[test]
    fn numbers_can_wait_and_what_is_new_to_people_cannot() {
        let urgent = |said: Said| of(1, 10).take(said);
        let said = Said::default;
        let current = |n| Said {
            current: Some(n),
            ..said()
        };
        assert!(!urgent(current(2)));
        assert!(!urgent(Said {
            percent: Some(5.0),
            ..said()
        }));
        assert!(!urgent(Said {
            message: text("reading"),
            total: Some(10),
            ..said()
        }));
        assert!(urgent(Said {
            message: text("writing"),
            ..said()
        }));
        assert!(urgent(Said {
            step: text("write"),
            ..said()
        }));
        assert!(urgent(Said {
            total: Some(11),
            ..said()
        }));
        assert!(urgent(Said {
            has_text: true,
            ..said()
        }));
        assert!(urgent(current(10)));
    }

    #[test]
    fn the_last_is_said_once_and_what_is_beyond_it_waits() {
        let mut so_far = of(8, 10);
        assert_eq!([1, 1, 1].map(|by| so_far.advance(by)), [false, true, false]);
    }

    #[test]
    fn of_what_waits_under_one_name_the_newest_is_said_once() {
        let mut so_far = of(1, 10);
        for rows in 1..4 {
            let more = Fields::new().field("rows", &rows);
            so_far.take(Said {
                more,
                names: vec!["rows"],
                ..Said::default()
            });
        }
        let said = |progress: Progress| format!("{progress:?}");
        let first = said(so_far.say(None));
        assert!(first.contains(r#","rows":3}"#), "{first}");
        assert!(!said(so_far.say(None)).contains("rows"));
    }

    #[test]
    fn a_percent_that_was_given_holds_until_the_numbers_move() {
        let mut so_far = of(1, 10);
        so_far.take(Said {
            percent: Some(55.0),
            ..Said::default()
        });
        let shows = |so_far: &mut SoFar, percent: &str| {
            let shown = format!("{:?}", so_far.say(Some(10.0)));
            assert!(
                shown.contains(&format!(r#""percent":{percent}"#)),
                "{shown}"
            );
        };
        shows(&mut so_far, "55");
        shows(&mut so_far, "55");
        so_far.advance(1);
        shows(&mut so_far, "10");
    }
}
