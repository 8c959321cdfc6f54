//! `GET /jobs/{job_id}/stream` and `GET /stream`: what is pushed, over either way.

use axum::http::request::Parts;

use super::*;
use crate::Query;
use crate::http::parameters::Parameters;
use crate::http::session::Session;
use crate::http::socket::Socket;
use crate::http::source::{Course, Items};
use crate::http::{Cursor, origin, socket, sse};

pub(super) async fn of_job(
    State(shared): State<Arc<Shared>>,
    path: Path,
    request: Request,
) -> Answer {
    let job = job(path)?;
    open(&shared, request.into_parts().0, vec![job], Course::Live).await
}

pub(super) async fn of_jobs(State(shared): State<Arc<Shared>>, request: Request) -> Answer {
    let (request, _) = request.into_parts();
    let jobs = Parameters::of(&request)?.jobs(&shared.limits)?;
    open(&shared, request, jobs, Course::Live).await
}

pub(super) async fn open(
    shared: &Arc<Shared>,
    mut request: Parts,
    jobs: Vec<JobId>,
    course: Course,
) -> Answer {
    let is_socket = socket::is_asked_for(&request);
    if is_socket {
        origin::check(&request, &shared.origins)?;
    }
    let grants = shared.ask_all(&request, &jobs).await?;
    let Some(first) = grants.first() else {
        return Err(Problem::not_found());
    };
    if *shared.closing.borrow() {
        return Err(Problem::unavailable("the server is about to stop"));
    }
    let parameters = Parameters::of(&request)?;
    let cursor = parameters.cursor(&request, jobs.len())?;
    let query = parameters.query(&shared.limits)?;
    let permit = shared.gate.enter(first)?;
    let sought = Sought {
        jobs: &jobs,
        course,
        cursor: cursor.as_ref(),
        query: query.as_ref(),
    };
    if sought.is_nowhere(shared).await {
        return Err(Problem::not_found());
    }
    if !is_socket && sought.is_over(shared).await {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let items = sought.items(shared)?;
    let cursor = cursor.unwrap_or_else(|| Cursor::start(jobs.len()));
    let limits = shared.limits.clone();
    if is_socket {
        let upgrade = socket::upgrade(&mut request).await?;
        let session = Session::new(shared, request, jobs, grants, cursor, items);
        return Ok(upgrade.on_upgrade(move |socket| async move {
            session.run(Socket::new(socket, &limits)).await;
            drop(permit);
        }));
    }
    let session = Session::new(shared, request, jobs, grants, cursor, items);
    let (response, events) = sse::open(permit, limits.patience);
    tokio::spawn(session.run(events));
    Ok(response)
}

/// What a client seeks. Where something cannot be said of it, it is followed on.
struct Sought<'a> {
    jobs: &'a [JobId],
    course: Course,
    cursor: Option<&'a Cursor>,
    query: Option<&'a Query>,
}

impl Sought<'_> {
    /// Whether it is the replay of a job that is not there.
    async fn is_nowhere(&self, shared: &Shared) -> bool {
        if self.course == Course::Live || self.cursor.is_some() {
            return false;
        }
        for job in self.jobs {
            if !shared.source.is_there(job).await.unwrap_or(true) {
                return true;
            }
        }
        false
    }

    /// Whether a client comes back that has had all there is.
    async fn is_over(&self, shared: &Shared) -> bool {
        let Some(cursor) = self.cursor else {
            return false;
        };
        for (at, job) in self.jobs.iter().enumerate() {
            let place = cursor.of(at);
            let is_over = shared.source.is_over(self.course, job, place, self.query);
            if !is_over.await.unwrap_or(false) {
                return false;
            }
        }
        true
    }

    fn items(&self, shared: &Shared) -> Result<Vec<Items>, Problem> {
        let place = |at| self.cursor.map(|cursor| cursor.of(at)).unwrap_or_default();
        let jobs = self.jobs.iter().enumerate();
        let items = jobs.map(|(at, job)| {
            let items = shared.source.items(self.course, job, place(at), self.query);
            Ok(items?)
        });
        items.collect()
    }
}
