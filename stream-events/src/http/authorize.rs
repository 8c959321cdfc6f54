//! Who may see what: asked before anything is read, and again while it is pushed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::http::request::Parts;

use crate::store::BoxFuture;
use crate::{JobId, JobState};

/// Decides who sees which jobs. There is no [`Api`](super::Api) without one.
///
/// It is asked when a request comes, before anything is read, for each job that it names; of a job's state,
/// for each job within it, of which only those that may be seen are named; and again for
/// as long as its stream lasts: at the interval of [`Limits::ask_again`](super::Limits::ask_again), or
/// when the [`Grant`]'s own time is up. A stream whose grant is withdrawn ends. So does one of which it is
/// not said in time, by this trait, whether it may go on. About several jobs it is asked at the same time, up
/// to 16 of them, and has [`AUTHORIZE_TIMEOUT`](super::AUTHORIZE_TIMEOUT) for all of them together; the first
/// of a request's jobs is asked about alone.
///
/// Who may see a job sees what its events say, also where they name other jobs: the one that it is part of
/// (`parent_job_id`), or whose replay it is (`replay_of`). A job of one who may not know of the other is started
/// with [`no_parent`](crate::JobBuilder::no_parent).
///
/// A function of the request that answers at once is one, too:
///
/// ```
/// use stream_events::http::{Access, Api, Asked, Denied, Grant, bearer, is_same};
///
/// # fn main() -> Result<(), stream_events::Error> {
/// let reader = stream_events::Reader::connect("memory:")?;
/// let api = Api::builder(reader, |asked: Asked<'_>| {
///     let token = bearer(asked.request).ok_or(Denied::NotFound)?;
///     match asked.access {
///         Access::Job(_) if is_same(token, "s3cret") => Ok(Grant::to("panel")),
///         _ => Err(Denied::NotFound),
///     }
/// });
/// let routes: axum::Router = api.router();
/// # Ok(())
/// # }
/// ```
pub trait Authorize: Send + Sync + 'static {
    /// Whether this request may do that. `async fn authorize` implements it.
    fn authorize(&self, asked: Asked<'_>) -> impl Future<Output = Result<Grant, Denied>> + Send;
}

impl<F> Authorize for F
where
    F: Fn(Asked<'_>) -> Result<Grant, Denied> + Send + Sync + 'static,
{
    async fn authorize(&self, asked: Asked<'_>) -> Result<Grant, Denied> {
        self(asked)
    }
}

/// What an [`Authorize`] is asked.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Asked<'a> {
    /// The request: its headers, its query, and what other layers left in its extensions.
    pub request: &'a Parts,
    /// What it asks for.
    pub access: Access<'a>,
    /// What was granted to this request before: for another of its jobs, or earlier where its stream
    /// goes on. So what can be shown only once, such as a ticket, is asked for only once; whoever it was
    /// granted to may have lost the right since.
    pub before: Option<&'a Grant>,
}

/// Shows no header: there may be secrets among them.
impl fmt::Debug for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked")
            .field("access", &self.access)
            .field("before", &self.before)
            .finish_non_exhaustive()
    }
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access<'a> {
    /// To list jobs, as they stand: all of them, or those that [`Grant::job_ids`] and [`Grant::jobs`] let
    /// through.
    Jobs,
    /// To read this job: its state, its events, live or not.
    Job(&'a JobId),
    /// To add an event to this job.
    Publish(&'a JobId),
}

/// That a request may do what it asks for.
#[derive(Clone)]
pub struct Grant {
    caller: Arc<str>,
    validity: Option<Duration>,
    job_ids: Option<IdFilter>,
    jobs: Option<JobFilter>,
}

/// Which jobs a list shows.
type IdFilter = Arc<dyn Fn(&JobId) -> bool + Send + Sync>;
type JobFilter = Arc<dyn Fn(&JobState) -> bool + Send + Sync>;

impl Grant {
    /// Names whom it is granted to: a user, a service, an address. Connections are counted by this
    /// name.
    #[must_use]
    pub fn to(caller: impl AsRef<str>) -> Self {
        Self {
            caller: caller.as_ref().into(),
            validity: None,
            job_ids: None,
            jobs: None,
        }
    }

    /// It is asked again after this time at the latest: what is left of a session or a token. Times of less
    /// than 100 ms count as that.
    #[must_use]
    pub fn validity(mut self, time: Duration) -> Self {
        self.validity = Some(time);
        self
    }

    /// Of [`Access::Jobs`], only those jobs are shown of whose id this holds. It is asked before anything of a
    /// job is read: where the id tells who may see it, this is much quicker than [`jobs`](Self::jobs). Where
    /// there are both, both have to hold.
    #[must_use]
    pub fn job_ids(mut self, filter: impl Fn(&JobId) -> bool + Send + Sync + 'static) -> Self {
        self.job_ids = Some(Arc::new(filter));
        self
    }

    /// Of [`Access::Jobs`], only those jobs are shown of which this holds, as they stand; it is asked before
    /// their children are known.
    ///
    /// Neither the pages nor their number say anything of the others: a page is full where there are as many
    /// jobs that may be seen, and there is a `next` where another one is. For that, all
    /// jobs that the index has may have to be read, so a page takes the longer the more there are, and one that
    /// takes more than [`Limits::search`](super::Limits::search) is answered 503: where jobs are many, let
    /// [`job_ids`](Self::job_ids) decide, or have a prefix, with an `Api`, for each tenant.
    ///
    /// Where the list goes on, `next` is a text by chance, since the place itself would tell of other jobs. It is
    /// good for this caller alone, in this process, for 10 minutes, and so long as it is among its newest
    /// thousand.
    #[must_use]
    pub fn jobs(mut self, filter: impl Fn(&JobState) -> bool + Send + Sync + 'static) -> Self {
        self.jobs = Some(Arc::new(filter));
        self
    }

    /// Whom it is granted to.
    #[must_use]
    pub fn caller(&self) -> &str {
        &self.caller
    }

    /// Whether a list may not show all jobs.
    pub(super) fn hides_jobs(&self) -> bool {
        self.job_ids.is_some() || self.jobs.is_some()
    }

    pub(super) fn shows_id(&self, id: &JobId) -> bool {
        self.job_ids.as_ref().is_none_or(|filter| filter(id))
    }

    pub(super) fn shows_job(&self, job: &JobState) -> bool {
        self.jobs.as_ref().is_none_or(|filter| filter(job))
    }

    pub(super) fn name(&self) -> Arc<str> {
        Arc::clone(&self.caller)
    }

    /// When it has to be asked again, where it would be after `interval` anyway.
    pub(super) fn asked_again_after(&self, interval: Duration) -> Duration {
        let validity = self.validity.unwrap_or(interval);
        validity.min(interval).max(SHORTEST)
    }
}

/// A filter is the same as itself alone.
impl PartialEq for Grant {
    fn eq(&self, other: &Self) -> bool {
        let of = |grant: &Self| (grant.name(), grant.validity);
        of(self) == of(other)
            && are_one(&self.job_ids, &other.job_ids)
            && are_one(&self.jobs, &other.jobs)
    }
}

fn are_one<F: ?Sized>(one: &Option<Arc<F>>, other: &Option<Arc<F>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

impl Eq for Grant {}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant")
            .field("caller", &self.caller)
            .field("validity", &self.validity)
            .finish_non_exhaustive()
    }
}

/// That a request may not do what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Denied {
    /// It may not, and does not learn whether there is such a job: the answer is that for a job that
    /// does not exist (404).
    NotFound,
    /// It cannot be said now, since what would say it is away: the answer is 503, whatever was asked.
    Unavailable,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "this may not be seen",
            Self::Unavailable => "it cannot be said now who may see this",
        })
    }
}

impl std::error::Error for Denied {}

/// An [`Authorize`] of any type.
pub(super) trait Ask: Send + Sync {
    fn ask<'a>(&'a self, asked: Asked<'a>) -> BoxFuture<'a, Result<Grant, Denied>>;
}

impl<A: Authorize> Ask for A {
    fn ask<'a>(&'a self, asked: Asked<'a>) -> BoxFuture<'a, Result<Grant, Denied>> {
        Box::pin(self.authorize(asked))
    }
}

/// One that is asked all the time would have nothing pushed.
const SHORTEST: Duration = Duration::from_millis(100);
