//! The server of the routes, in a process of its own.

use std::convert::Infallible;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header;
use axum::routing::get;
use axum::serve::ListenerExt;
use futures_util::stream::{self, StreamExt};
use stream_events::Reader;
use stream_events::http::{Api, Asked, Grant, Limits};

use crate::part::Numbers;
use crate::watchers::MANY;

/// That process, for as long as it is wanted.
pub(super) struct Serving {
    process: Child,
    pub(super) port: u16,
}

impl Serving {
    pub(super) fn start(url: &str, kind: &str) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut process = Command::new(program)
            .args(["--part", "sse_server", url, kind])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        let said = process.stdout.take().unwrap();
        BufReader::new(said).read_line(&mut port).unwrap();
        let port = port.trim().parse().unwrap();
        Self { process, port }
    }

    pub(super) fn process(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// URL, and what is served: until whoever started it has gone.
pub(crate) fn part(arguments: &[String]) -> Numbers {
    let [url, kind] = arguments else {
        panic!("{arguments:?}")
    };
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let router = match kind.as_str() {
        "bare" => Router::new().fallback(get(bare)),
        _ => routes(url),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.unwrap();
        println!("{}", listener.local_addr().unwrap().port());
        std::io::stdout().flush().unwrap();
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
        axum::serve(listener, router.into_make_service())
            .await
            .unwrap();
    });
    Numbers::new()
}

fn routes(url: &str) -> Router {
    let limits = Limits::default()
        .connections(2 * MANY as usize)
        .lifetime(Duration::from_secs(60 * 60));
    let all = |_: Asked<'_>| Ok(Grant::to("bench"));
    let reader = Reader::connect(url).unwrap();
    Api::builder(reader, all).limits(limits).router()
}

/// What a stream of events costs that has one, and then none.
async fn bare() -> ([(header::HeaderName, &'static str); 1], Body) {
    let one = stream::iter([Ok::<_, Infallible>("event: row\ndata: {\"at\":1}\n\n")]);
    let body = Body::from_stream(one.chain(stream::pending()));
    ([(header::CONTENT_TYPE, "text/event-stream")], body)
}
