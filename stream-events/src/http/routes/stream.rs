//! `GET /jobs/{job_id}/stream` and `GET /stream`: what is pushed, over either way.

use axum::http::request::Parts;

use super::*;
use crate::Query;
use crate::http::parameters::Parameters;
use crate::http::session::Session;
use crate::http::socket::Socket;
use crate::http::{Cursor, origin, socket, sse};

pub(super) async fn of_job(
    State(shared): State<Arc<Shared>>,
    path: Path,
    request: Request,
) -> Answer {
    let job = job(path)?;
    open(&shared, request.into_parts().0, vec![job]).await
}

pub(super) async fn of_jobs(State(shared): State<Arc<Shared>>, request: Request) -> Answer {
    let (request, _) = request.into_parts();
    let jobs = Parameters::of(&request)?.jobs(&shared.limits)?;
    open(&shared, request, jobs).await
}

async fn open(shared: &Arc<Shared>, mut request: Parts, jobs: Vec<JobId>) -> Answer {
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
    if !is_socket && has_ended(shared, &jobs, cursor.as_ref(), query.as_ref()).await {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let cursor = cursor.unwrap_or_else(|| Cursor::start(jobs.len()));
    let limits = shared.limits.clone();
    if is_socket {
        let upgrade = socket::upgrade(&mut request).await?;
        let session = Session::new(shared, request, jobs, grants, cursor, query.as_ref())?;
        return Ok(upgrade.on_upgrade(move |socket| async move {
            session.run(Socket::new(socket, &limits)).await;
            drop(permit);
        }));
    }
    let session = Session::new(shared, request, jobs, grants, cursor, query.as_ref())?;
    let (response, events) = sse::open(permit, limits.patience);
    tokio::spawn(session.run(events));
    Ok(response)
}

/// Whether a client comes back that has had all there is. Where that cannot be said, it is followed on.
async fn has_ended(
    shared: &Shared,
    jobs: &[JobId],
    cursor: Option<&Cursor>,
    query: Option<&Query>,
) -> bool {
    let Some(cursor) = cursor else {
        return false;
    };
    for (at, job) in jobs.iter().enumerate() {
        let has_ended = shared.source.has_ended(job, cursor.of(at), query).await;
        if !has_ended.unwrap_or(false) {
            return false;
        }
    }
    true
}
