//! The runs of a watched job that have not ended, whose processes may have.

use std::collections::HashSet;

use super::source::Line;
use crate::Event;
use crate::epilogue::UNFENCED;
use crate::job::JobId;
use crate::lease::{self, Sightings};
use crate::lost::Losses;
use crate::said;
use crate::store::{BoxFuture, Class, Expired, Fault};

type Asked = BoxFuture<'static, Expired>;

/// Where a watch waits in vain, it sees to it that a run whose process is gone has its end.
pub(super) struct OpenRuns {
    job: JobId,
    runs: HashSet<String>,
    losses: Losses,
    sightings: Sightings,
    /// Whether the store lets this reader do it; otherwise it goes on waiting.
    may_declare: bool,
}

/// Of a stream with more, which no job writes, all are forgotten.
const MOST_RUNS: usize = 64;

impl OpenRuns {
    pub(super) fn new(job: JobId, losses: Losses) -> Self {
        Self {
            sightings: losses.sightings_of(&job),
            job,
            runs: HashSet::new(),
            losses,
            may_declare: true,
        }
    }

    pub(super) fn note(&mut self, event: &Event) {
        let Some(run) = event.own_run() else { return };
        if event.ends_run() {
            self.runs.remove(run);
        } else if !self.runs.contains(run) {
            if self.runs.len() >= MOST_RUNS {
                self.runs.clear();
            }
            self.runs.insert(run.to_owned());
        }
    }

    pub(super) fn runs(&self) -> impl Iterator<Item = &str> {
        self.runs.iter().map(String::as_str)
    }

    /// Their events are gone, and nobody could say of them more.
    pub(super) fn forget(&mut self, runs: &HashSet<String>) {
        self.runs.retain(|run| !runs.contains(run));
    }

    /// Which of their leases have run out; none where nobody has to know.
    pub(super) fn asked(&self, line: &Line) -> Option<Asked> {
        if !self.may_declare || self.runs.is_empty() {
            return None;
        }
        let member = |run: &String| lease::member(run, &self.job);
        let members = self.runs.iter().map(member).collect();
        Some(line.expired(&self.sightings.leases, members))
    }

    /// Has those declared lost whose lease has run out and stands still. What that writes is read
    /// like any event.
    pub(super) async fn judge(&mut self, line: &Line, expired: Expired) -> Result<(), Fault> {
        let judged = self.judge_each(line, expired).await;
        if let Some(fault) = self.losses.unfenced.take()
            && said::is_news(format!("{UNFENCED} {fault}"))
        {
            tracing::warn!(target: "stream_events", "{UNFENCED}: {fault}");
        }
        match judged {
            Err(fault) if fault.class == Class::Connection => Err(fault),
            Err(fault) if fault.class == Class::Denied => {
                if said::is_news(format!("a watch {fault}")) {
                    tracing::warn!(target: "stream_events", "a watch cannot end runs whose process is gone, and waits for who can: {fault}");
                }
                self.may_declare = false;
                Ok(())
            }
            // What cannot be done now is done at the next look. Where the leases are away, the process could not
            // renew them either.
            Err(_) => {
                self.sightings.clear();
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// The store has been away.
    pub(super) fn connection_lost(&mut self) {
        self.sightings.clear();
    }

    async fn judge_each(&mut self, line: &Line, expired: Expired) -> Result<(), Fault> {
        let expired = expired?;
        for lease in &expired {
            let judged = self.losses.judge(&**line, &mut self.sightings, lease);
            judged.await?;
        }
        self.sightings.keep(&expired);
        Ok(())
    }
}
