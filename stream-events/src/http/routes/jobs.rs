//! `GET /jobs`: running and recent jobs, a page at a time.

use axum::http::request::Parts;
use tokio::time::timeout;

use super::*;
use crate::http::parameters::Parameters;
use crate::http::{Access, Grant};
use crate::reader::Sight;
use crate::{JobPage, Jobs, Query};

pub(super) async fn page(State(shared): State<Arc<Shared>>, request: Request) -> Answer {
    let (request, _) = request.into_parts();
    let grant = shared.ask(&request, Access::Jobs).await?;
    let parameters = Parameters::of(&request)?;
    let permit = shared.let_in(&grant)?;
    let limit = parameters.limit(&shared.limits)?;
    let query = parameters.query(&shared.limits)?;
    let query = query.map_or_else(|| "".parse::<Query>(), Ok)?;
    let after = parameters.place()?;
    let after = after.map(|place| shown_place(&shared, &grant, place));
    let after = after.transpose()?;
    let jobs = shared.source.jobs(query, limit, after.as_deref())?;
    let listing = list(&shared, &request, &grant, &jobs);
    let late = |_| Problem::unavailable("the jobs were not found in time");
    let page = timeout(shared.limits.search, listing).await;
    Ok(held(&shared, written(&page.map_err(late)??)?, permit))
}

/// The page, with no word of what may not be seen.
async fn list(
    shared: &Shared,
    request: &Parts,
    grant: &Grant,
    jobs: &Jobs,
) -> Result<JobPage, Problem> {
    let sight = Sight {
        ids: &|id| grant.shows_id(id),
        jobs: &|job| grant.shows_job(job),
        hides: grant.hides_jobs(),
    };
    let mut page = jobs.page_of(sight).await?;
    if sight.hides {
        shared.hide_children(request, grant, &mut page.jobs).await?;
        let hidden = |place| shared.places.put(grant.name(), place);
        page.next = page.next.map(hidden);
    }
    Ok(page)
}

/// What the caller was told of by this name.
fn shown_place(shared: &Shared, grant: &Grant, given: &str) -> Result<String, Problem> {
    if !grant.hides_jobs() {
        return Ok(given.to_owned());
    }
    shared.places.find(grant.caller(), given).ok_or_else(|| {
        Problem::invalid(format!(
            "{:?} is no place in a list of jobs, or not any more",
            shown(given)
        ))
    })
}

fn written(page: &JobPage) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(page).map_err(|_| {
        let why = "a job's state is none that can be written";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, why)
    })
}
