//! A service with an `Api`, on a socket of its own.
#![allow(dead_code, reason = "each file uses a part of it")]

#[path = "../rows.rs"]
pub(crate) mod rows;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use rows::flushed;
use stream_events::http::{Access, Api, ApiBuilder, Asked, Authorize, Denied, Grant, Limits};
use stream_events::{Fields, Job, Publisher, Reader};
use support::TestRedis;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

/// A server on loopback, until it is dropped.
pub(crate) struct Service {
    pub(crate) address: String,
    pub(crate) api: Api,
    serving: JoinHandle<()>,
}

impl Service {
    pub(crate) async fn of(api: ApiBuilder) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), api)
    }

    pub(crate) fn on(listener: TcpListener, api: ApiBuilder) -> Self {
        let address = listener.local_addr().unwrap().to_string();
        let api = api.build();
        let routes = api.router();
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self {
            address,
            api,
            serving,
        }
    }

    /// One that lets everyone see all jobs of the store.
    pub(crate) async fn open(url: &str) -> Self {
        Self::of(Api::builder(Reader::connect(url).unwrap(), open)).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

pub(crate) fn open(_: Asked<'_>) -> Result<Grant, Denied> {
    Ok(Grant::to("anyone"))
}

/// Lets in who says `Authorization: Bearer NAME`, to the jobs that begin with that name, for as long as it
/// is said to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guard(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    is_shut: AtomicBool,
    is_away: AtomicBool,
    asked: AtomicUsize,
}

impl Guard {
    pub(crate) fn shut(&self) {
        self.0.is_shut.store(true, SeqCst);
    }

    pub(crate) fn go_away(&self) {
        self.0.is_away.store(true, SeqCst);
    }

    pub(crate) fn asked(&self) -> usize {
        self.0.asked.load(SeqCst)
    }
}

impl Authorize for Guard {
    async fn authorize(&self, asked: Asked<'_>) -> Result<Grant, Denied> {
        self.0.asked.fetch_add(1, SeqCst);
        let caller = stream_events::http::bearer(asked.request).ok_or(Denied::NotFound)?;
        if self.0.is_away.load(SeqCst) {
            return Err(Denied::Unavailable);
        }
        let job = match asked.access {
            Access::Job(job) | Access::Publish(job) => job.as_str(),
            _ => caller,
        };
        if self.0.is_shut.load(SeqCst) || !job.starts_with(caller) {
            return Err(Denied::NotFound);
        }
        Ok(Grant::to(caller))
    }
}

/// A job that has ended: five events.
pub(crate) async fn ended(publisher: &Publisher, id: &str) -> Vec<String> {
    let job = publisher.job(id, "import").unwrap();
    for n in 0..3 {
        job.emit("row", Fields::new().field("n", &n));
    }
    job.completed(&"all");
    flushed(publisher).await;
    written(publisher, id).await
}

pub(crate) async fn written(publisher: &Publisher, id: &str) -> Vec<String> {
    let history = publisher.reader().history(id).unwrap();
    history
        .map(|event| event.unwrap().id().to_string())
        .collect()
        .await
}

/// A store in memory, and one on a server, which lives as long as what is returned.
pub(crate) fn stores(name: &str) -> (TestRedis, [Publisher; 2]) {
    let redis = TestRedis::start();
    let urls = [redis.url(), format!("memory:http:{name}")];
    (redis, urls.map(|url| Publisher::connect(url).unwrap()))
}

pub(crate) async fn serve(publisher: &Publisher, limits: Limits) -> Service {
    let api = Api::builder(publisher.reader(), open).publisher(publisher.clone());
    Service::of(api.limits(limits)).await
}

pub(crate) async fn guarded(publisher: &Publisher, guard: &Guard, limits: Limits) -> Service {
    let api = Api::builder(publisher.reader(), guard.clone()).publisher(publisher.clone());
    Service::of(api.limits(limits)).await
}

pub(crate) async fn job(publisher: &Publisher, id: &str) -> Job {
    let job = publisher.job(id, "import").unwrap();
    job.emit("row", Fields::new().field("n", &1));
    flushed(publisher).await;
    job
}

pub(crate) const SHORT: Duration = Duration::from_millis(200);

pub(crate) async fn wait_until(mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A job at work, of 20 MB, which no buffer on the way takes.
pub(crate) async fn large(publisher: &Publisher) -> Job {
    let job = publisher.job("a_1", "t").unwrap();
    let text = "x".repeat(200_000);
    for _ in 0..100 {
        job.emit("text", Fields::new().field("text", &text));
    }
    flushed(publisher).await;
    job
}

/// One that takes little at a time.
pub(crate) async fn connect_slowly(service: &Service, path: &str, head: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket
        .connect(service.address.parse().unwrap())
        .await
        .unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\n{head}\r\n",
        service.address
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}
