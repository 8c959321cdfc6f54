//! `GET /jobs/{job_id}/events`: the history, a page at a time.

use super::*;
use crate::http::Access;
use crate::http::object;
use crate::http::parameters::Parameters;
use crate::{EventId, History, Query};

/// Events that are looked at for one page: of those that a query asks for there may be few.
const MOST_SEEN: usize = 10_000;
/// Bytes of a page, and what one more event has: fewer events are on it where they are large.
const PAGE_BYTES: usize = 1024 * 1024;

pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    path: Path,
    request: Request,
) -> Answer {
    let job = job(path)?;
    let (request, _) = request.into_parts();
    let permit = shared.enter(&request, Access::Job(&job)).await?;
    let parameters = Parameters::of(&request)?;
    let limit = parameters.limit(&shared.limits)?;
    let history = shared.source.history(&job, parameters.after()?)?;
    let query = parameters.query(&shared.limits)?;
    let body = read(history, &job, query.as_ref(), limit).await?;
    Ok(held(&shared, body, permit))
}

async fn read(
    mut history: History,
    job: &JobId,
    query: Option<&Query>,
    limit: usize,
) -> Result<Vec<u8>, Problem> {
    let mut body = br#"{"events":["#.to_vec();
    let (mut seen, mut count, mut next) = (0, 0, None::<EventId>);
    while let Some(event) = history.next().await {
        let event = event?;
        seen += 1;
        if query.is_none_or(|query| query.matches(&event)) {
            if count > 0 {
                body.push(b',');
            }
            object::write(&mut body, job, &event);
            count += 1;
        }
        if count == limit || seen == MOST_SEEN || body.len() >= PAGE_BYTES {
            next = Some(event.id());
            break;
        }
    }
    let next = next.map_or_else(|| "null".to_owned(), |id| format!("\"{id}\""));
    body.extend_from_slice(format!("],\"next\":{next}}}").as_bytes());
    Ok(body)
}
