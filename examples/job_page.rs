//! This example shows a page that follows a job: its bar and its log, live, through lost connections.
//!
//! `cargo run --example job_page [ADDRESS]`, then open the URL that it prints; `?job=ID` follows another job.

use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST};
use axum::{Router, routing};
use stream_events::http::{Access, Api, Asked, Denied, Grant};
use stream_events::{JobId, job_events, progress};

#[job_events(task_type = "prime_count", ret)]
fn count_primes(job_id: JobId, below: u64) -> u64 {
    let mut primes = 0;
    for n in 2..below {
        let mut divisors = (2..n).take_while(|divisor| divisor * divisor <= n);
        primes += u64::from(!divisors.any(|divisor| n % divisor == 0));
        if n % (below / 50) == 0 {
            progress!("{primes} primes below {n}", current = n, total = below);
        }
    }
    primes
}

/// Whatever a job says, the browser takes nothing but what comes from here, and no script within a page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn file(kind: &'static str, text: &'static str) -> routing::MethodRouter {
    let headers = [(CONTENT_TYPE, kind), (CONTENT_SECURITY_POLICY, POLICY)];
    routing::get((headers, text))
}

/// Who reaches it by a name of this machine's own may see all jobs. That of another site may be made to lead here.
fn authorize(asked: Asked<'_>) -> Result<Grant, Denied> {
    let host = asked.request.headers.get(HOST).map(|host| host.to_str());
    let name = host.and_then(|host| host.ok()?.split_once(':'));
    match (asked.access, name) {
        (Access::Job(_), Some(("127.0.0.1" | "localhost", _))) => Ok(Grant::to("this machine")),
        _ => Err(Denied::NotFound),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let events = stream_events_tracing::init()?;
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:0");
    let listener = tokio::net::TcpListener::bind(address).await?;
    let api = Api::builder(events.publisher().reader(), authorize);
    let [page, style, script] = ["text/html; charset=utf-8", "text/css", "text/javascript"];
    let routes = Router::new()
        .nest("/events", api.router())
        .route("/", file(page, include_str!("job_page/index.html")))
        .route("/page.css", file(style, include_str!("job_page/page.css")))
        .route("/page.js", file(script, include_str!("job_page/page.js")));
    let job_id = JobId::random();
    println!("http://{}/?job={job_id}", listener.local_addr()?);
    tokio::task::spawn_blocking(|| count_primes(job_id, 3_000_000));
    Ok(axum::serve(listener, routes).await?)
}
