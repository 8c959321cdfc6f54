//! A stream that is gone, or begins again: what of its runs nobody can say.

use std::collections::HashSet;

use super::Course;
use crate::past;
use crate::reader::page::FIRST_PAGE;
use crate::store::Fault;
use crate::watch::gap::{Gap, Missing};
use crate::watch::source::Line;
use crate::watch::{Item, Sequence};
use crate::{Event, EventId};

impl Course {
    /// There is nothing more to come.
    pub(super) fn end_gone(&mut self) {
        self.is_over = true;
        let runs = self.open.runs().map(str::to_owned).collect();
        self.tell_expired(&runs, true);
    }

    /// Reads on from the stream's start. Where that has something that was seen, the store has gone back, and
    /// it is the same stream: then what is none of ours was seen, too. Otherwise it is another one.
    pub(super) async fn begin_anew(&mut self, line: &Line) -> Result<(), Fault> {
        let (known, oldest) = (self.sequence.as_ref(), self.oldest);
        let mut gone: HashSet<_> = self.open.runs().map(str::to_owned).collect();
        let mut is_same = false;
        let look = |event: Event| {
            event.run().map(|run| gone.remove(run));
            is_same |= match event.seq() {
                Some(_) => known.is_some_and(|known| known.has(&event)),
                None => event.id() == oldest,
            };
            (is_same && gone.is_empty()).then_some(())
        };
        past::search(&**line, &self.key, EventId::ZERO, EventId::MAX, look).await?;
        let sequence = self.sequence.get_or_insert_with(Sequence::start);
        match is_same {
            true => sequence.begin_again(oldest, self.after),
            false => {
                sequence.begin_anew();
                self.oldest = EventId::ZERO;
            }
        }
        self.tell_expired(&gone, !is_same);
        self.open.forget(&gone);
        self.absence.is_over(self.grace);
        (self.after, self.page) = (EventId::ZERO, FIRST_PAGE);
        Ok(())
    }

    /// That nobody can say what else was of these runs; where there are none, that of what was there, if that
    /// is to be said at all.
    fn tell_expired(&mut self, runs: &HashSet<String>, is_told_of_none: bool) {
        let expected = |run: &str| {
            let sequence = self.sequence.as_ref();
            sequence.map_or(0, |known| known.expected(run))
        };
        let gap = |run: &str| Gap {
            run: run.to_owned(),
            first: expected(run),
            count: 0,
            why: Missing::Expired,
        };
        let mut runs: Vec<_> = runs.iter().map(String::as_str).collect();
        runs.sort_unstable();
        if runs.is_empty() && is_told_of_none {
            runs.push("");
        }
        let gaps: Vec<_> = runs.into_iter().map(gap).map(Item::Gap).collect();
        self.ready.extend(gaps);
    }
}
