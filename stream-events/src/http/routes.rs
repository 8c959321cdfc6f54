//! The routes, each in a file of its own.

mod client;
mod events;
mod jobs;
mod openapi;
mod publish;
mod replay;
mod state;
mod stream;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};

use super::gate::Permit;
use super::parameters::Parameters;
use super::{Problem, Shared, body};
use crate::JobId;
use crate::error::shown;

/// What a route answers.
type Answer = Result<Response, Problem>;
/// The names and values in a request's path, of which others may have some as well.
type Path = Result<RawPathParams, RawPathParamsRejection>;

pub(super) fn router(shared: &Arc<Shared>) -> Router {
    let taking = |names, route| taking(shared, names, route);
    let mut events = taking(&["q", "after", "limit"], get(events::page));
    if shared.publisher.is_some() {
        events = events.merge(taking(&[], post(publish::event)));
    }
    let jobs = taking(&["q", "after", "limit"], get(jobs::page));
    let state = taking(&[], get(state::of_job));
    let stream = taking(&["q", "after"], get(stream::of_job));
    let replay = taking(&["speed", "q", "after"], get(replay::of_job));
    let several = taking(&["job_id", "q", "after"], get(stream::of_jobs));
    Router::new()
        .route("/jobs", only(jobs))
        .route("/jobs/{job_id}", only(state))
        .route("/jobs/{job_id}/events", only(events))
        .route("/jobs/{job_id}/stream", only(stream))
        .route("/jobs/{job_id}/replay", only(replay))
        .route("/stream", only(several))
        .route("/stream-events.js", only(get(client::module)))
        .route("/openapi.json", only(get(openapi::document)))
        .layer(map_response(with_headers))
        .with_state(Arc::clone(shared))
}

/// With a problem document for other methods.
fn only(route: MethodRouter<Arc<Shared>>) -> MethodRouter<Arc<Shared>> {
    let refused = |method: Method| async move {
        let why = format!("this route does not take {:?}", shown(method.as_str()));
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, why)
    };
    route.fallback(refused)
}

/// With a problem document for parameters of other names: a `limt` that were ignored would be believed.
fn taking(
    shared: &Arc<Shared>,
    names: &'static [&'static str],
    route: MethodRouter<Arc<Shared>>,
) -> MethodRouter<Arc<Shared>> {
    let state = (Arc::clone(shared), names);
    route.layer(from_fn_with_state(state, with_known))
}

async fn with_known(
    State((shared, names)): State<(Arc<Shared>, &'static [&'static str])>,
    request: Request,
    next: Next,
) -> Answer {
    let (request, body) = request.into_parts();
    Parameters::of(&request)?.are_among(names, &shared.parameters)?;
    Ok(next.run(Request::from_parts(request, body)).await)
}

/// The job that the path names.
fn job(path: Path) -> Result<JobId, Problem> {
    let path = path.map_err(|_| Problem::invalid("the job id is no text in UTF-8"))?;
    let named = path.iter().filter(|(name, _)| *name == "job_id").last();
    let (_, id) = named.ok_or_else(Problem::not_found)?;
    Ok(JobId::try_from(id)?)
}

/// What holds for every answer: nobody keeps it, and it is what its type says.
async fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

/// JSON for the caller who was let in, and counts as a connection until it has taken it, or is cut off.
fn held(shared: &Shared, text: Vec<u8>, permit: Permit) -> Response {
    let body = body::whole(text, permit, shared.limits.patience);
    json(StatusCode::OK, body)
}

fn json(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = (status, body.into()).into_response();
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
