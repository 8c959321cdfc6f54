//! What all requests have in common.

use std::fmt;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::request::Parts;
use tokio::sync::watch;
use tokio::time::timeout;

use super::authorize::Ask;
use super::gate::{Gate, Permit};
use super::keys::Kept;
use super::source::Source;
use super::{AUTHORIZE_TIMEOUT, Access, Asked, Denied, Grant, Limits, Problem};
use crate::{JobId, JobState, Publisher};

/// Of one [`Api`](super::Api).
pub(super) struct Shared {
    pub(super) source: Source,
    pub(super) publisher: Option<Publisher>,
    pub(super) authorize: Box<dyn Ask>,
    pub(super) limits: Limits,
    pub(super) origins: Vec<String>,
    pub(super) gate: Arc<Gate>,
    /// Where lists go on, and for whom.
    pub(super) places: Kept<(Arc<str>, String)>,
    pub(super) closing: watch::Sender<bool>,
}

impl Shared {
    /// Asks whether the request may do that.
    pub(super) async fn ask(
        &self,
        request: &Parts,
        access: Access<'_>,
        before: Option<&Grant>,
    ) -> Result<Grant, Problem> {
        let asked = Asked {
            request,
            access,
            before,
        };
        match timeout(AUTHORIZE_TIMEOUT, self.authorize.ask(asked)).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Denied::Unavailable.into()),
        }
    }

    /// Lets in a request about one job.
    pub(super) async fn enter(
        &self,
        request: &Parts,
        access: Access<'_>,
    ) -> Result<Permit, Problem> {
        let grant = self.ask(request, access, None).await?;
        self.gate.enter(&grant)
    }

    /// Asks about each of these jobs; who may not see one of them sees none.
    pub(super) async fn ask_all(
        &self,
        request: &Parts,
        jobs: &[JobId],
    ) -> Result<Vec<Grant>, Problem> {
        let mut grants = Vec::with_capacity(jobs.len());
        for job in jobs {
            let grant = self.ask(request, Access::Job(job), grants.last()).await?;
            grants.push(grant);
        }
        Ok(grants)
    }

    /// Leaves out the jobs within this one that the request may not see.
    pub(super) async fn hide_children(
        &self,
        request: &Parts,
        grant: &Grant,
        state: &mut JobState,
    ) -> Result<(), Problem> {
        for child in std::mem::take(&mut state.children) {
            let job = JobId::try_from(&child)?;
            match self.ask(request, Access::Job(&job), Some(grant)).await {
                Ok(_) => state.children.push(child),
                Err(problem) if problem.status == StatusCode::NOT_FOUND => {}
                Err(problem) => return Err(problem),
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("source", &self.source)
            .field("publisher", &self.publisher)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
