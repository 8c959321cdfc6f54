//! `GET /jobs/{job_id}/replay`: what a job was, again.

use super::stream::open;
use super::*;
use crate::http::parameters::Parameters;
use crate::http::source::Course;

pub(super) async fn of_job(
    State(shared): State<Arc<Shared>>,
    path: Path,
    request: Request,
) -> Answer {
    let job = job(path)?;
    let (request, _) = request.into_parts();
    let speed = Parameters::of(&request)?.speed()?;
    open(&shared, request, vec![job], Course::Replay { speed }).await
}
