//! The way to a server: opened, and greeted.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::select_ok;
use redis::aio::MultiplexedConnection;
use redis::{ConnectionAddr, ErrorKind, RedisConnectionInfo, RedisError};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use super::super::super::{Class, Fault};
use super::super::faults;
use super::super::way::Way;

/// Whatever leads there.
pub(in super::super) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Socket for S {}

/// Opens a way to the server, and greets it: who we are, which protocol, which database. `look_up` is
/// asked for the server's addresses each time.
#[cfg_attr(not(feature = "tls"), expect(unused_variables, reason = "of the way"))]
pub(in super::super) async fn open(
    way: &Way,
    address: &ConnectionAddr,
    settings: &RedisConnectionInfo,
    look_up: impl AsyncFn(&str, u16) -> io::Result<Vec<SocketAddr>>,
) -> Result<Box<dyn Socket>, Fault> {
    let lost = |error: io::Error| Fault::new(Class::Connection, error);
    let socket: Box<dyn Socket> = match address {
        ConnectionAddr::Tcp(host, port) => {
            let addresses = look_up(host, *port).await.map_err(lost)?;
            Box::new(tcp(addresses).await.map_err(lost)?)
        }
        #[cfg(feature = "tls")]
        ConnectionAddr::TcpTls { host, port, .. } => {
            let addresses = look_up(host, *port).await.map_err(lost)?;
            let plain = tcp(addresses).await.map_err(lost)?;
            let (socket, presented) = way.tls.over(plain, host, *port).await?;
            let greeted = greet(settings, Box::new(socket)).await;
            return greeted.map_err(|fault| presented.explain(fault));
        }
        #[cfg(unix)]
        ConnectionAddr::Unix(path) => Box::new(UnixStream::connect(path).await.map_err(lost)?),
        _ => return Err(Fault::new(Class::Connection, "no way to such an address")),
    };
    let greeted = greet(settings, socket).await;
    greeted.map_err(|fault| match (address, fault.class) {
        (ConnectionAddr::Tcp(..), Class::Connection) => {
            let why = match &*fault.why {
                NO_REDIS => format!("{NO_REDIS}, unless it does so with TLS (rediss://)"),
                _ => format!("it ended the connection when it was greeted, as a server does that speaks TLS (rediss://): {fault}"),
            };
            Fault::new(Class::Connection, why)
        }
        _ => fault,
    })
}

/// The first of the addresses that lets us in.
async fn tcp(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    if addresses.is_empty() {
        return Err(io::Error::other("the name has no address"));
    }
    let attempts = addresses.into_iter().map(TcpStream::connect).map(Box::pin);
    let (socket, _) = select_ok(attempts).await?;
    settle(&socket)?;
    Ok(socket)
}

/// Small batches are not held up, and a peer that answers nothing any more is noticed: within
/// [`DEAD_AFTER`] where something was sent to it, and a little later where nothing was.
fn settle(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let socket = SockRef::from(socket);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(DEAD_AFTER))?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(DEAD_AFTER))?;
    Ok(())
}

/// The client greets on a socket that is lent to it, and is let go again.
async fn greet(
    settings: &RedisConnectionInfo,
    socket: Box<dyn Socket>,
) -> Result<Box<dyn Socket>, Fault> {
    let lent = Lent(Arc::new(Mutex::new(socket)));
    let client = MultiplexedConnection::new(settings, lent.clone()).await;
    drop(client.map_err(|error| ungreeted(&error))?);
    let socket = Arc::into_inner(lent.0).ok_or_else(|| faults::unexpected("a greeting goes on"))?;
    Ok(socket.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Of what is no answer nothing is shown: it has several lines, and means nothing.
fn ungreeted(error: &RedisError) -> Fault {
    match error.kind() {
        ErrorKind::Parse => Fault::new(Class::Connection, NO_REDIS),
        _ => faults::of_client(error),
    }
}

const NO_REDIS: &str = "it does not speak the protocol of Redis";

/// A socket that comes back.
#[derive(Clone)]
struct Lent(Arc<Mutex<Box<dyn Socket>>>);

impl Lent {
    fn socket(&self) -> MutexGuard<'_, Box<dyn Socket>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncRead for Lent {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut **self.socket()).poll_read(context, bytes)
    }
}

impl AsyncWrite for Lent {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut **self.socket()).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut **self.socket()).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut **self.socket()).poll_shutdown(context)
    }
}

const DEAD_AFTER: Duration = Duration::from_secs(10);
