//! From a URL to an open connection.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, ConnectionInfo, IntoConnectionInfo, RedisError};
use socket2::TcpKeepalive;

use super::super::{BoxFuture, Connection, Fault, Purpose, Store};
use super::{DURABLE_IN, Link, reply};

/// The server of this URL; the error says what is wrong with it.
pub(in crate::store) fn open(url: &str, shown: String) -> Result<Arc<dyn Store>, String> {
    #[cfg(feature = "tls")]
    if url.starts_with("rediss:") {
        provide_crypto();
    }
    let info = url
        .into_connection_info()
        .map_err(|error| refusal(&error))?;
    let client = Client::open(settled(info)).map_err(|error| refusal(&error))?;
    Ok(Arc::new(Server { client, shown }))
}

/// Without the value at fault, which may hold a secret.
fn refusal(error: &RedisError) -> String {
    let text = error.to_string();
    let what = text.split(" - ").next().unwrap_or_default();
    format!("cannot be used ({})", what.trim_end_matches([':', ' ']))
}

struct Server {
    client: Client,
    shown: String,
}

impl Store for Server {
    fn connect(&self, purpose: Purpose) -> BoxFuture<'_, Result<Box<dyn Connection>, Fault>> {
        let wait = match purpose {
            Purpose::Prompt => Duration::ZERO,
            Purpose::Blocking(wait) => wait,
            Purpose::Durable => DURABLE_IN,
        };
        Box::pin(connect(&self.client, config(wait)))
    }

    fn shown(&self) -> &str {
        &self.shown
    }

    fn place(&self) -> String {
        let database = self.client.get_connection_info().redis_settings().db();
        format!("{} (database {database})", self.shown)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({:?})", self.shown)
    }
}

/// What is asked for waits this long for its answer.
fn config(wait: Duration) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(wait + RESPONSE_TIMEOUT))
        .set_pipeline_buffer_size(IN_FLIGHT)
}

/// The client has the server's name and not its address: that is looked up each time.
async fn connect(
    client: &Client,
    config: AsyncConnectionConfig,
) -> Result<Box<dyn Connection>, Fault> {
    let connection = client
        .get_multiplexed_async_connection_with_config(&config)
        .await;
    let link = Link(connection.map_err(|error| reply::fault(&error))?);
    Ok(Box::new(link))
}

/// Small batches are not held up, and a peer that answers nothing any more is noticed: within
/// [`DEAD_AFTER`] where something was sent to it, and a little later where nothing was.
fn settled(info: ConnectionInfo) -> ConnectionInfo {
    let probes = TcpKeepalive::new().with_time(DEAD_AFTER);
    let tcp = TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(probes);
    #[cfg(target_os = "linux")]
    let tcp = tcp.set_user_timeout(DEAD_AFTER);
    info.set_tcp_settings(tcp)
}

/// rustls has no cryptography of its own: without this, the first connection of a process that
/// installed none fails.
#[cfg(feature = "tls")]
fn provide_crypto() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error says that another thread has just done it.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an answer may take beyond the time that was asked for.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
const DEAD_AFTER: Duration = Duration::from_secs(10);
/// Requests that may wait in the client for the socket.
const IN_FLIGHT: usize = 256;

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::io;
    use std::net::{Ipv4Addr, SocketAddr, TcpListener};
    use std::sync::Mutex;

    use redis::RedisFuture;
    use redis::io::AsyncDNSResolver;

    use super::super::super::Class;
    use super::*;

    /// A name that leads to each of these in turn, and to nothing where there is none.
    #[derive(Clone)]
    struct Moves(Arc<Mutex<VecDeque<Option<SocketAddr>>>>);

    impl AsyncDNSResolver for Moves {
        fn resolve<'a, 'b: 'a>(
            &'a self,
            name: &'b str,
            _: u16,
        ) -> RedisFuture<'a, Box<dyn Iterator<Item = SocketAddr> + Send + 'a>> {
            assert_eq!(name, "moves.invalid");
            let address = self.0.lock().unwrap().pop_front().unwrap();
            Box::pin(async move {
                let address = address.ok_or_else(|| io::Error::other("no such name"))?;
                Ok(Box::new(std::iter::once(address)) as Box<dyn Iterator<Item = _> + Send>)
            })
        }
    }

    /// Row 21
    #[tokio::test]
    async fn a_name_is_looked_up_at_each_connect() {
        let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let servers = [listen(), listen()];
        let [old, new] = servers.each_ref().map(|server| {
            server.set_nonblocking(true).unwrap();
            Some(server.local_addr().unwrap())
        });
        let moves = Moves(Arc::new(Mutex::new([old, None, new].into())));
        let info = "redis://moves.invalid/".into_connection_info().unwrap();
        let client = Client::open(settled(info)).unwrap();
        // The servers take connections and say nothing on them.
        let config = config(Duration::ZERO)
            .set_connection_timeout(Some(Duration::from_millis(500)))
            .set_dns_resolver(moves);
        let failed = async || connect(&client, config.clone()).await.err().unwrap();
        failed().await;
        servers[0].accept().expect("it is where the name led to");
        let fault = failed().await;
        assert_eq!(fault.class, Class::Connection);
        assert!(fault.why.contains("no such name"), "{fault}");
        failed().await;
        servers[1].accept().expect("it is where the name leads now");
    }
}
