//! From a URL to an open connection.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisError,
};
use tokio::net::lookup_host;
use tokio::time::timeout;

use super::super::changes::changes;
use super::super::{BoxFuture, Class, Connection, Fault, Purpose, Store, Tracking};
use super::wire::{self, Wire};
use super::{DURABLE_IN, Link, tracking};

/// The server of this URL; the error says what is wrong with it.
pub(in crate::store) fn open(url: &str, shown: String) -> Result<Arc<dyn Store>, String> {
    #[cfg(feature = "tls")]
    if url.starts_with("rediss:") {
        super::tls::provide_crypto();
    }
    let info = url
        .into_connection_info()
        .map_err(|error| refusal(&error))?;
    if let ConnectionAddr::TcpTls { insecure: true, .. } = info.addr() {
        return Err(
            "cannot be used (certificates are always verified: #insecure is not accepted)"
                .to_owned(),
        );
    }
    let client = Client::open(info).map_err(|error| refusal(&error))?;
    let server = client.get_connection_info().clone();
    Ok(Arc::new(Server { server, shown }))
}

/// Without the value at fault, which may hold a secret.
fn refusal(error: &RedisError) -> String {
    let text = error.to_string();
    let what = text.split(" - ").next().unwrap_or_default();
    format!("cannot be used ({})", what.trim_end_matches([':', ' ']))
}

struct Server {
    server: ConnectionInfo,
    shown: String,
}

impl Store for Server {
    fn connect(&self, purpose: Purpose) -> BoxFuture<'_, Result<Box<dyn Connection>, Fault>> {
        let wait = match purpose {
            Purpose::Prompt => Duration::ZERO,
            Purpose::Blocking(wait) => wait,
            Purpose::Durable => DURABLE_IN,
        };
        Box::pin(async move {
            let socket = connect(&self.server, CONNECT_TIMEOUT, look_up).await?;
            let wire = Wire::new(socket, wait + RESPONSE_TIMEOUT);
            Ok(Box::new(Link(wire)) as Box<dyn Connection>)
        })
    }

    fn track<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Tracking, Fault>> {
        Box::pin(async move {
            match self.told(prefix).await {
                Err(fault) if fault.class != Class::Later => {}
                told => return told,
            }
            // A server may refuse to greet in RESP3, or a proxy before it hang up; or it was away just
            // then, and is there now.
            let connection = self.connect(Purpose::Prompt).await?;
            let second = self.told(prefix).await;
            Ok(second.unwrap_or(Tracking {
                connection,
                changes: None,
            }))
        })
    }

    fn shown(&self) -> &str {
        &self.shown
    }

    fn place(&self) -> String {
        let database = self.server.redis_settings().db();
        format!("{} (database {database})", self.shown)
    }
}

impl Server {
    /// A connection in RESP3, told of changes unless the server refuses that.
    async fn told(&self, prefix: &str) -> Result<Tracking, Fault> {
        let settings = self.server.redis_settings().clone();
        let settings = settings.set_protocol(ProtocolVersion::RESP3);
        let server = self.server.clone().set_redis_settings(settings);
        let socket = connect(&server, CONNECT_TIMEOUT, look_up).await?;
        let (teller, changes) = changes();
        let wire = Wire::telling(socket, RESPONSE_TIMEOUT, Some(teller));
        let tracks = async { wire.ask(&tracking::command(prefix)).await?.only() };
        let is_told = match tracks.await {
            Err(fault) if matches!(fault.class, Class::Connection | Class::Later) => {
                return Err(fault);
            }
            answer => answer.is_ok(),
        };
        Ok(Tracking {
            connection: Box::new(Link(wire)),
            changes: is_told.then_some(changes),
        })
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({:?})", self.shown)
    }
}

async fn connect(
    server: &ConnectionInfo,
    within: Duration,
    look_up: impl AsyncFn(&str, u16) -> io::Result<Vec<SocketAddr>>,
) -> Result<Box<dyn wire::Socket>, Fault> {
    let opened = timeout(within, wire::open(server, look_up)).await;
    opened.unwrap_or_else(|_| Err(Fault::new(Class::Connection, "the server lets nobody in")))
}

/// We have the server's name and not its address: that is looked up each time.
async fn look_up(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok(lookup_host((name, port)).await?.collect())
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an answer may take beyond the time that was asked for.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::net::{Ipv4Addr, TcpListener};
    use std::sync::Mutex;

    use super::*;

    /// Row 21
    #[tokio::test]
    async fn a_name_is_looked_up_at_each_connect() {
        let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let servers = [listen(), listen()];
        let [old, new] = servers.each_ref().map(|server| {
            server.set_nonblocking(true).unwrap();
            Some(server.local_addr().unwrap())
        });
        // A name that leads to each of these in turn, and to nothing where there is none.
        let moves = Mutex::new(VecDeque::from([old, None, new]));
        let look_up = async |name: &str, _: u16| {
            assert_eq!(name, "moves.invalid");
            let address = moves.lock().unwrap().pop_front().unwrap();
            let no_such = || io::Error::other("no such name");
            address.map(|address| vec![address]).ok_or_else(no_such)
        };
        let server = "redis://moves.invalid/".into_connection_info().unwrap();
        // The servers take connections and say nothing on them.
        let within = Duration::from_millis(500);
        let failed = async || connect(&server, within, &look_up).await.err().unwrap();
        failed().await;
        servers[0].accept().expect("it is where the name led to");
        let fault = failed().await;
        assert_eq!(fault.class, Class::Connection);
        assert!(fault.why.contains("no such name"), "{fault}");
        failed().await;
        servers[1].accept().expect("it is where the name leads now");
    }
}
