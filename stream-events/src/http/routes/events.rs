//! `GET /jobs/{job_id}/events`: the history, a page at a time.

use std::future::poll_fn;

use super::*;
use crate::http::Access;
use crate::http::object;
use crate::http::parameters::Parameters;
use crate::query::Asking;
use crate::{EventId, History};

/// Events that are looked at for one page, and their bytes: of those that a query asks for there may be few.
const MOST_SEEN: usize = 10_000;
const MOST_BYTES: usize = 16 * 1024 * 1024;
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
    let asking = query.map(Asking::new).unwrap_or_default();
    let body = read(history, &job, asking, limit).await?;
    Ok(held(&shared, body, permit))
}

async fn read(
    mut history: History,
    job: &JobId,
    mut asking: Asking,
    limit: usize,
) -> Result<Vec<u8>, Problem> {
    let mut body = br#"{"events":["#.to_vec();
    let (mut seen, mut bytes, mut count, mut next) = (0, 0, 0, None::<EventId>);
    while let Some(event) = history.next().await {
        let event = event?;
        seen += 1;
        bytes += event.raw("data").map_or(0, <[u8]>::len);
        poll_fn(|context| asking.poll_turn(context)).await;
        if asking.is_for(&event) {
            if count > 0 {
                body.push(b',');
            }
            object::write(&mut body, job, &event);
            count += 1;
        }
        let is_enough = seen == MOST_SEEN || bytes >= MOST_BYTES;
        if count == limit || is_enough || body.len() >= PAGE_BYTES {
            next = Some(event.id());
            break;
        }
    }
    let next = next.map_or_else(|| "null".to_owned(), |id| format!("\"{id}\""));
    body.extend_from_slice(format!("],\"next\":{next}}}").as_bytes());
    Ok(body)
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Fields, Publisher};

    /// A job that has said so much, so often.
    async fn filled(url: &str, bytes: usize, times: usize) -> Publisher {
        let publisher = Publisher::connect(url).unwrap();
        let job = publisher.job("job_001", "t").unwrap();
        let text = "x".repeat(bytes);
        for _ in 0..times {
            job.emit("text", Fields::new().field("text", &text));
            assert!(publisher.flush(Duration::from_secs(10)).await.complete);
        }
        publisher
    }

    /// Of a query that nothing is asked for by.
    async fn page(publisher: &Publisher) -> Result<Vec<u8>, Problem> {
        let job = JobId::try_from("job_001").unwrap();
        let history = publisher.reader().history(&job).unwrap();
        let asking = Asking::new("nothing".parse().unwrap());
        read(history, &job, asking, 10).await
    }

    /// All of it is there at once; reading on without end would leave no turn for another task.
    #[tokio::test]
    async fn who_asks_for_what_is_not_there_lets_others_have_their_turn() {
        let publisher = filled("memory:http:turns", 200_000, 5).await;
        let others = async {
            for _ in 0..2 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            page = page(&publisher) => panic!("{page:?}"),
            () = others => {}
        }
    }

    /// Where the next one goes on. Without an end, one request would have all of a giant stream read.
    #[tokio::test]
    async fn a_page_ends_where_much_was_looked_at_and_nothing_was_asked_for() {
        let publisher = filled("memory:http:much", 250_000, 80).await;
        let page = page(&publisher).await.unwrap();
        let page: serde_json::Value = serde_json::from_slice(&page).unwrap();
        let next: EventId = page["next"].as_str().unwrap().parse().unwrap();
        let rest = publisher.reader().history("job_001").unwrap().after(next);
        let rest = futures_util::StreamExt::count(rest).await;
        assert!((5..20).contains(&rest), "{rest}");
    }
}
