//! What all requests have in common.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;

use axum::http::request::Parts;
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use tokio::sync::watch;
use tokio::time::timeout;

use super::authorize::Ask;
use super::gate::{Gate, Permit};
use super::places::Places;
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
    /// Of addresses, which others read.
    pub(super) parameters: Vec<String>,
    pub(super) gate: Arc<Gate>,
    /// Where lists go on, and for whom.
    pub(super) places: Places,
    pub(super) closing: watch::Sender<bool>,
}

/// About how many jobs it is asked at the same time.
const AT_ONCE: usize = 16;

impl Shared {
    /// Asks whether the request may do that.
    pub(super) async fn ask(&self, request: &Parts, access: Access<'_>) -> Result<Grant, Problem> {
        in_time(self.say(request, access, None)).await
    }

    /// Lets in a request about one job.
    pub(super) async fn enter(
        &self,
        request: &Parts,
        access: Access<'_>,
    ) -> Result<Permit, Problem> {
        let grant = self.ask(request, access).await?;
        self.let_in(&grant)
    }

    /// While the server is there to stay.
    pub(super) fn let_in(&self, grant: &Grant) -> Result<Permit, Problem> {
        if *self.closing.borrow() {
            return Err(Problem::unavailable("the server is about to stop"));
        }
        self.gate.enter(grant)
    }

    /// Asks about each of these jobs; who may not see one of them sees none. What can be shown only once is
    /// for the first.
    pub(super) async fn ask_all(
        &self,
        request: &Parts,
        jobs: &[JobId],
    ) -> Result<Vec<Grant>, Problem> {
        let Some((first, others)) = jobs.split_first() else {
            return Ok(Vec::new());
        };
        in_time(async {
            let first = self.say(request, Access::Job(first), None).await?;
            let others = others.iter().map(|job| (job, &first));
            let others: Vec<_> = self.each(request, others).try_collect().await?;
            Ok([vec![first], others].concat())
        })
        .await
    }

    /// Asks again, of each by what was granted before.
    pub(super) async fn ask_again(
        &self,
        request: &Parts,
        jobs: &[JobId],
        grants: &[Grant],
    ) -> Result<Vec<Grant>, Problem> {
        let each = self.each(request, jobs.iter().zip(grants));
        in_time(each.try_collect()).await
    }

    /// Leaves out the jobs within these that the request may not see.
    pub(super) async fn hide_children(
        &self,
        request: &Parts,
        grant: &Grant,
        states: &mut [JobState],
    ) -> Result<(), Problem> {
        let all: BTreeSet<_> = states.iter().flat_map(|state| &state.children).collect();
        let all = all.into_iter().map(JobId::try_from);
        let all: Vec<_> = all.collect::<Result<_, _>>()?;
        let asked = self.each(request, all.iter().map(|job| (job, grant)));
        let answers: Vec<_> = in_time(asked.map(is_granted).try_collect()).await?;
        let seen = all.iter().zip(answers).filter(|(_, is_seen)| *is_seen);
        let seen: HashSet<_> = seen.map(|(job, _)| job.as_str()).collect();
        for state in states {
            let children = &mut state.children;
            children.retain(|child| seen.contains(child.as_str()));
        }
        Ok(())
    }

    /// What is said of each of these, in their order.
    fn each<'a>(
        &'a self,
        request: &'a Parts,
        each: impl Iterator<Item = (&'a JobId, &'a Grant)> + Send + 'a,
    ) -> impl Stream<Item = Result<Grant, Denied>> + Send + 'a {
        let say = |(job, before)| self.say(request, Access::Job(job), Some(before));
        stream::iter(each.map(say)).buffered(AT_ONCE)
    }

    async fn say(
        &self,
        request: &Parts,
        access: Access<'_>,
        before: Option<&Grant>,
    ) -> Result<Grant, Denied> {
        // One that answers at once, about thousands of jobs, would hold up all others.
        tokio::task::coop::consume_budget().await;
        let asked = Asked {
            request,
            access,
            before,
        };
        self.authorize.ask(asked).await
    }
}

/// What is said, if it is said in time.
async fn in_time<T>(said: impl Future<Output = Result<T, Denied>>) -> Result<T, Problem> {
    let late = |_| Err(Denied::Unavailable);
    let said = timeout(AUTHORIZE_TIMEOUT, said).await;
    Ok(said.unwrap_or_else(late)?)
}

fn is_granted(answer: Result<Grant, Denied>) -> Result<bool, Denied> {
    match answer {
        Err(Denied::NotFound) => Ok(false),
        answer => answer.map(|_| true),
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

#[cfg(all(test, not(shuttle)))]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::time::Duration;

    use axum::http::Request;
    use tokio::sync::Barrier;
    use tokio::time::{Instant, sleep};

    use super::*;
    use crate::Reader;
    use crate::http::{Api, Authorize};

    fn of(authorize: impl Authorize) -> (Api, Parts) {
        let reader = Reader::connect("memory:http:shared").unwrap();
        let (request, ()) = Request::new(()).into_parts();
        (Api::builder(reader, authorize).build(), request)
    }

    fn jobs(count: usize) -> Vec<JobId> {
        let job = |n| JobId::try_from(format!("job_{n:04}")).unwrap();
        (0..count).map(job).collect()
    }

    fn parent(children: usize) -> JobState {
        let mut state = JobState::new("parent");
        let children = jobs(children).into_iter();
        state.children = children.map(|job| job.to_string()).collect();
        state
    }

    /// Answers once it is asked about so many at the same time, and knows what was the most.
    struct Together {
        all: Barrier,
        asked: AtomicUsize,
        most: Arc<AtomicUsize>,
    }

    impl Authorize for Together {
        async fn authorize(&self, asked: Asked<'_>) -> Result<Grant, Denied> {
            let Some(before) = asked.before else {
                return Ok(Grant::to("first"));
            };
            let now = self.asked.fetch_add(1, SeqCst) + 1;
            self.most.fetch_max(now, SeqCst);
            self.all.wait().await;
            self.asked.fetch_sub(1, SeqCst);
            match asked.access {
                Access::Job(job) if job.as_str().ends_with('7') => Err(Denied::NotFound),
                _ => Ok(before.clone()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_asked_about_sixteen_at_a_time() {
        let most = Arc::new(AtomicUsize::new(0));
        let together = Together {
            all: Barrier::new(AT_ONCE),
            asked: AtomicUsize::new(0),
            most: Arc::clone(&most),
        };
        let (Api(shared), request) = of(together);
        let grant = Grant::to("first");
        let mut states = [parent(4 * AT_ONCE), parent(AT_ONCE)];
        let hidden = shared.hide_children(&request, &grant, &mut states).await;
        hidden.unwrap();
        // 7, 17, 27, 37, 47 and 57 are not there.
        let left = states.each_ref().map(|state| state.children.len());
        assert_eq!(left, [4 * AT_ONCE - 6, AT_ONCE - 1]);
        assert_eq!(states[1].children[6..8], ["job_0006", "job_0008"]);
        assert_eq!(most.load(SeqCst), AT_ONCE);
    }

    /// Takes its time for each.
    struct Slow(Duration);

    impl Authorize for Slow {
        async fn authorize(&self, _: Asked<'_>) -> Result<Grant, Denied> {
            sleep(self.0).await;
            Ok(Grant::to("slow"))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn about_all_jobs_of_a_request_it_has_as_long_as_about_one() {
        let (Api(shared), request) = of(Slow(Duration::from_secs(1)));
        let begun = Instant::now();
        let grants = shared.ask_all(&request, &jobs(65)).await.unwrap();
        // About the first alone, and about the others sixteen at a time.
        assert_eq!(begun.elapsed().as_secs(), 5);
        let again = shared.ask_again(&request, &jobs(65), &grants).await;
        assert_eq!(again.unwrap().len(), 65);

        let (Api(shared), request) = of(Slow(Duration::from_secs(6)));
        let grant = Grant::to("slow");
        for count in [2, 17] {
            let begun = Instant::now();
            let all = shared.ask_all(&request, &jobs(count)).await;
            let (again, grants) = (jobs(17), vec![grant.clone(); 17]);
            let again = shared.ask_again(&request, &again, &grants).await;
            let mut states = [parent(17)];
            let children = shared.hide_children(&request, &grant, &mut states);
            for refused in [all.map(drop), again.map(drop), children.await] {
                assert_eq!(refused.unwrap_err().status, 503);
            }
            assert_eq!(begun.elapsed(), 3 * AUTHORIZE_TIMEOUT);
        }
    }
}
