//! `GET /jobs`: running and recent jobs, a page at a time.

use super::*;
use crate::error::shown;
use crate::http::parameters::Parameters;
use crate::http::{Access, Grant};
use crate::{JobPage, Query};

pub(super) async fn page(State(shared): State<Arc<Shared>>, request: Request) -> Answer {
    let (request, _) = request.into_parts();
    let grant = shared.ask(&request, Access::Jobs, None).await?;
    let parameters = Parameters::of(&request)?;
    let permit = shared.gate.enter(&grant)?;
    let limit = parameters.limit(&shared.limits)?;
    let query = parameters.query(&shared.limits)?;
    let query = query.map_or_else(|| "".parse::<Query>(), Ok)?;
    let after = parameters.place()?;
    let after = after.map(|place| shown_place(&shared, &grant, place));
    let after = after.transpose()?;
    let jobs = shared.source.jobs(query, limit, after.as_deref())?;
    let mut page = match grant.filter() {
        Some(filter) => jobs.page_of(&**filter).await?,
        None => jobs.page().await?,
    };
    if grant.filter().is_some() {
        for state in &mut page.jobs {
            shared.hide_children(&request, &grant, state).await?;
        }
    }
    page.next = page.next.map(|next| hidden_place(&shared, &grant, next));
    Ok(held(written(&page)?, permit))
}

/// Where the list goes on, which says something of jobs that are not shown.
fn hidden_place(shared: &Shared, grant: &Grant, place: String) -> String {
    match grant.filter() {
        Some(_) => shared.places.put((grant.name(), place)),
        None => place,
    }
}

/// What the caller was told of by this name.
fn shown_place(shared: &Shared, grant: &Grant, given: &str) -> Result<String, Problem> {
    if grant.filter().is_none() {
        return Ok(given.to_owned());
    }
    match shared.places.find(given) {
        Some(((caller, place), _)) if *caller == *grant.caller() => Ok(place),
        _ => Err(Problem::invalid(format!(
            "{:?} is no place in a list of jobs, or not any more",
            shown(given)
        ))),
    }
}

fn written(page: &JobPage) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(page).map_err(|_| {
        let why = "a job's state is none that can be written";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, why)
    })
}
