//! This example shows jobs over HTTP for programs, each with a token of its own.
//!
//! `API_TOKENS=alice:s3cret,bob:0ther cargo run --example http_bearer [ADDRESS]`, then
//! `curl -N -H 'Authorization: Bearer s3cret' URL/jobs/alice.1/stream`. It ends with Ctrl-C, and so do streams.

use std::{env, error::Error, io};

use stream_events::http::{Access, Api, Asked, Denied, Grant, bearer, is_same};
use stream_events::{Publisher, Reader};

/// Names and tokens.
struct Tokens(Vec<(String, String)>);

impl Tokens {
    fn from_env() -> Result<Self, Box<dyn Error>> {
        let text = env::var("API_TOKENS")?;
        let pairs = text.split(',').map(|pair| pair.split_once(':'));
        let pairs = pairs.map(|pair| pair.map(|(name, token)| (name.into(), token.into())));
        let pairs: Option<_> = pairs.collect();
        Ok(Self(pairs.ok_or("API_TOKENS is `name:token,name:token`")?))
    }

    /// Each sees the jobs that begin with its name, and may add events to them.
    fn authorize(&self, asked: Asked<'_>) -> Result<Grant, Denied> {
        let token = bearer(asked.request).ok_or(Denied::NotFound)?;
        let known = self.0.iter().find(|(_, known)| is_same(known, token));
        let (name, _) = known.ok_or(Denied::NotFound)?;
        let (Access::Job(job) | Access::Publish(job)) = asked.access else {
            return Err(Denied::NotFound);
        };
        match job.as_str().split_once('.') {
            Some((owner, _)) if owner == name => Ok(Grant::to(name)),
            _ => Err(Denied::NotFound),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let tokens = Tokens::from_env()?;
    let address = env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:0");
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    let authorize = move |asked: Asked<'_>| tokens.authorize(asked);
    let api = Api::builder(Reader::from_env()?, authorize);
    let api = api.publisher(Publisher::from_env()?).build();
    let server = axum::serve(listener, api.router());
    let stop = async move {
        tokio::signal::ctrl_c().await.ok();
        api.close().await;
    };
    Ok(server.with_graceful_shutdown(stop).await?)
}
