//! `GET /jobs/{job_id}`: where a job stands.

use super::*;
use crate::http::Access;

pub(super) async fn of_job(
    State(shared): State<Arc<Shared>>,
    path: Path,
    request: Request,
) -> Answer {
    let job = job(path)?;
    let (request, _) = request.into_parts();
    let grant = shared.ask(&request, Access::Job(&job)).await?;
    let permit = shared.let_in(&grant)?;
    let state = shared.source.state(&job).await?;
    let mut state = state.ok_or_else(Problem::not_found)?;
    let states = std::slice::from_mut(&mut state);
    shared.hide_children(&request, &grant, states).await?;
    let body = serde_json::to_vec(&state).map_err(|_| {
        let why = "the job's state is none that can be written";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, why)
    })?;
    Ok(held(&shared, body, permit))
}
