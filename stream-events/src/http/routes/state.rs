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
    let grant = shared.ask(&request, Access::Job(&job), None).await?;
    let permit = shared.gate.enter(&grant)?;
    let state = shared.source.state(&job).await?;
    let mut state = state.ok_or_else(Problem::not_found)?;
    shared.hide_children(&request, &grant, &mut state).await?;
    let body = serde_json::to_vec(&state).map_err(|_| {
        let why = "the job's state is none that can be written";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, why)
    })?;
    Ok(held(body, permit))
}
