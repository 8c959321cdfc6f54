//! `POST /jobs/{job_id}/events`: a domain event from outside.

use axum::body::Body;
use axum::http::HeaderMap;
use futures_util::StreamExt;
use serde_json::value::RawValue;
use tokio::time::timeout;

use super::*;
use crate::event::Object;
use crate::http::object::{MOST_NESTING, nesting};
use crate::http::{Access, Limits, origin};
use crate::{Error, EventType};

pub(super) async fn event(
    State(shared): State<Arc<Shared>>,
    path: Path,
    request: Request,
) -> Answer {
    let job = job(path)?;
    let (request, body) = request.into_parts();
    origin::check(&request, &shared.origins)?;
    let _permit = shared.enter(&request, Access::Publish(&job)).await?;
    let Some(publisher) = &shared.publisher else {
        return Err(Problem::not_found());
    };
    is_json(&request.headers)?;
    may_have(said_length(&request.headers), &shared.limits)?;
    let body = read(body, &shared.limits).await?;
    let event = checked(&body)?;
    let id = publisher.publish_event(&job, event).await?;
    let answer = format!("{{\"id\":\"{id}\"}}");
    Ok(json(StatusCode::CREATED, answer.into_bytes()))
}

/// A page of another site can have a browser send what is not called JSON without being asked.
fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let content_type = headers.get(header::CONTENT_TYPE);
    let name = content_type.and_then(|value| value.to_str().ok());
    let name = name.and_then(|value| value.split(';').next());
    if name.is_some_and(|name| name.trim().eq_ignore_ascii_case("application/json")) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "an event is sent as `application/json`",
    ))
}

/// What the client says before it sends anything.
fn said_length(headers: &HeaderMap) -> usize {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    length.map_or(0, |length| length.try_into().unwrap_or(usize::MAX))
}

fn may_have(bytes: usize, limits: &Limits) -> Result<(), Problem> {
    if bytes <= limits.body {
        return Ok(());
    }
    let why = format!("the body has more than {} bytes", limits.body);
    Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, why))
}

/// All of the body, if it is not too large and comes in time.
async fn read(body: Body, limits: &Limits) -> Result<Vec<u8>, Problem> {
    let reading = async {
        let mut bytes = Vec::new();
        let mut pieces = body.into_data_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|_| Problem::invalid("the body ends before its end"))?;
            may_have(bytes.len() + piece.len(), limits)?;
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    };
    let late = |_| Problem::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time");
    timeout(limits.patience, reading).await.map_err(late)?
}

/// The event, of a type of its own.
fn checked(body: &[u8]) -> Result<&RawValue, Problem> {
    let event: &RawValue = serde_json::from_slice(body)
        .map_err(|error| Problem::invalid(format!("the body is no JSON: {error}")))?;
    if nesting(event.get()) > MOST_NESTING {
        return Err(Problem::invalid(format!(
            "the event goes deeper than {MOST_NESTING} levels"
        )));
    }
    if !event.get().starts_with('{') {
        return Err(Problem::invalid(
            "an event is a JSON object, such as `{\"event_type\":\"approved\",\"by\":\"Ann\"}`",
        ));
    }
    let named = |error: Error| Problem::invalid(error.to_string());
    let kind =
        Object::of("the event", event).and_then(|mut object| object.take_string("event_type"));
    let kind = kind.map_err(named)?.unwrap_or_default();
    if kind.is_empty() || kind.chars().any(char::is_control) {
        return Err(Problem::invalid(
            "an event has an `event_type`, a text without control characters",
        ));
    }
    match EventType::from(kind.as_str()) {
        EventType::Other(_) => Ok(event),
        own => Err(Problem::invalid(format!(
            "`{own}` is what a run says of itself; an event from outside has a type of its own"
        ))),
    }
}
