//! Where a run, and each of its phases, stands.

use std::mem::replace;
use std::sync::Arc;

use super::Run;
use crate::Scrub;
use crate::event::{EventType, Fields};
use crate::job::{BEATS, Progress, nothing_yet};
use crate::sync::atomic::Ordering::Relaxed;

impl Run {
    /// Hands progress of the run itself over, and leaves nothing of it.
    pub(crate) fn say(self: &Arc<Self>, progress: &mut Progress) {
        let room = self.identity.room(&EventType::TaskProgress);
        if self.beats().is_none()
            && let Some(text) = progress.take_text_as_it_is(room, self.scrub())
        {
            self.push_progress(OWN, text);
        } else {
            self.progress(replace(progress, nothing_yet()).into_fields());
        }
    }

    /// The same of any fields.
    pub(crate) fn progress(self: &Arc<Self>, fields: Fields) {
        self.progress_of(OWN, fields.scrubbed(self.scrub()));
    }

    /// The same of a phase, of what is scrubbed already. No code of the user's runs in here.
    pub(crate) fn progress_of(self: &Arc<Self>, phase: u64, scrubbed: Fields) {
        if phase != BEATS {
            self.hear(&EventType::TaskProgress, &scrubbed);
        }
        let room = self.identity.room(&EventType::TaskProgress);
        self.push_progress(phase, scrubbed.into_text(room));
    }

    fn push_progress(self: &Arc<Self>, phase: u64, text: Vec<u8>) {
        let draft = self.draft_of(EventType::TaskProgress, text, None);
        // What is refused is counted: there is nothing that the job could do.
        let _ = self.core.queue.push(&self.lane, draft.of_phase(phase));
    }

    /// The number of the run's next phase, from 1.
    pub(in crate::job) fn next_phase(&self) -> u64 {
        self.phases.fetch_add(1, Relaxed) + 1
    }

    /// What is taken out of its texts.
    pub(in crate::job) fn scrub(&self) -> &Scrub {
        &self.core.settings.scrub
    }
}

/// What the run itself says has this number, which no phase has.
const OWN: u64 = 0;
