//! What a request's address asks for, each value checked by name.

use axum::http::StatusCode;
use axum::http::request::Parts;
use url::form_urlencoded;

use super::{Cursor, Limits, Problem, cursor};
use crate::error::shown;
use crate::{DEFAULT_SPEED, EventId, JobId, Query};

/// The parameters of a request's address.
pub(super) struct Parameters(Vec<(String, String)>);

/// Bytes of an address behind its `?`.
const LONGEST: usize = 32 * 1024;

/// Of a place in a list: three numbers of each of a cluster's shards, and a job.
const LONGEST_PLACE: usize = 2048;

impl Parameters {
    pub(super) fn of(request: &Parts) -> Result<Self, Problem> {
        let query = request.uri.query().unwrap_or_default();
        if query.len() > LONGEST {
            return Err(Problem::new(
                StatusCode::URI_TOO_LONG,
                format!("the parameters have more than {LONGEST} bytes"),
            ));
        }
        let pairs = form_urlencoded::parse(query.as_bytes());
        Ok(Self(pairs.into_owned().collect()))
    }

    /// Those that the route takes, and those that others read.
    pub(super) fn are_among(&self, names: &[&str], of_others: &[String]) -> Result<(), Problem> {
        let is_known =
            |name: &str| names.contains(&name) || of_others.iter().any(|one| one == name);
        let Some((unknown, _)) = self.0.iter().find(|(name, _)| !is_known(name)) else {
            return Ok(());
        };
        let of_others = of_others.iter().map(String::as_str);
        let taken = names.iter().copied().chain(of_others);
        let taken: Vec<_> = taken.map(|name| format!("`{name}`")).collect();
        let taken = match &*taken.join(", ") {
            "" => "takes none".to_owned(),
            names => format!("takes {names}"),
        };
        let unknown = shown(unknown);
        Err(Problem::invalid(format!(
            "there is no parameter {unknown:?} here: this route {taken}"
        )))
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.0.iter().filter(move |(key, _)| key == name);
        named.map(|(_, value)| value.as_str())
    }

    /// None where it is empty.
    fn one(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.all(name);
        let value = values.next().filter(|value| !value.is_empty());
        if values.next().is_some() {
            return Err(Problem::invalid(format!(
                "`{name}` is given more than once"
            )));
        }
        Ok(value)
    }

    /// The jobs of `job_id=a&job_id=b`.
    pub(super) fn jobs(&self, limits: &Limits) -> Result<Vec<JobId>, Problem> {
        let most = limits.jobs;
        let named = self.all("job_id").count();
        if named == 0 || named > most {
            return Err(Problem::invalid(format!(
                "the stream is of {named} jobs; `job_id` is given 1 to {most} times"
            )));
        }
        let jobs: Vec<JobId> = self
            .all("job_id")
            .map(JobId::try_from)
            .collect::<Result<_, _>>()?;
        let mut sorted: Vec<_> = jobs.iter().collect();
        sorted.sort_unstable();
        if let Some(twice) = sorted.windows(2).find(|two| two[0] == two[1]) {
            let twice = shown(twice[0].as_str());
            return Err(Problem::invalid(format!(
                "the job {twice:?} is given more than once"
            )));
        }
        Ok(jobs)
    }

    /// Where the client has been: its `Last-Event-ID`, or else `after`.
    pub(super) fn cursor(&self, request: &Parts, jobs: usize) -> Result<Option<Cursor>, Problem> {
        let after = self.one("after")?;
        let last = request.headers.get("last-event-id");
        let last = last.filter(|id| !id.is_empty());
        let text = match last.map(|id| id.to_str()) {
            Some(Ok(id)) => Some(id),
            Some(Err(_)) => return Err(Problem::invalid("the `Last-Event-ID` is no text")),
            None => after,
        };
        text.map(|text| Cursor::parse(text, jobs)).transpose()
    }

    pub(super) fn after(&self) -> Result<EventId, Problem> {
        let after = self.one("after")?.map(cursor::id).transpose()?;
        Ok(after.unwrap_or(EventId::ZERO))
    }

    /// Where a list goes on.
    pub(super) fn place(&self) -> Result<Option<&str>, Problem> {
        match self.one("after")? {
            Some(place) if place.len() > LONGEST_PLACE => {
                let (shown, bytes) = (shown(place), place.len());
                Err(Problem::invalid(format!(
                    "{shown:?} is no place in a list of jobs: it has {bytes} bytes"
                )))
            }
            place => Ok(place),
        }
    }

    /// Which events or jobs are asked for, of all there are.
    pub(super) fn query(&self, limits: &Limits) -> Result<Option<Query>, Problem> {
        let Some(text) = self.one("q")? else {
            return Ok(None);
        };
        let (most, bytes) = (limits.query, text.len());
        if bytes > most {
            return Err(Problem::invalid(format!(
                "the query has {bytes} bytes; it may have {most}"
            )));
        }
        Ok(Some(text.parse()?))
    }

    /// How many times as fast as it was.
    pub(super) fn speed(&self) -> Result<f64, Problem> {
        let Some(text) = self.one("speed")? else {
            return Ok(DEFAULT_SPEED);
        };
        let speed = text.parse().ok().filter(|speed| *speed > 0.0);
        speed.ok_or_else(|| {
            let shown = shown(text);
            Problem::invalid(format!(
                "the `speed` {shown:?} is no number above 0, such as `0.5`, `10` or `Infinity`"
            ))
        })
    }

    pub(super) fn limit(&self, limits: &Limits) -> Result<usize, Problem> {
        let most = limits.page.max(1);
        let Some(text) = self.one("limit")? else {
            return Ok(most.min(USUAL_PAGE));
        };
        let limit = text.parse().ok().filter(|limit| (1..=most).contains(limit));
        limit.ok_or_else(|| {
            let shown = shown(text);
            Problem::invalid(format!(
                "the `limit` {shown:?} is no number from 1 to {most}"
            ))
        })
    }
}

/// How many are on a page where no `limit` says it.
const USUAL_PAGE: usize = 100;
