//! The way to servers of a store: who we are there, and how long it may take to be let in.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use redis::{ConnectionAddr, ProtocolVersion, RedisConnectionInfo};
use tokio::net::lookup_host;
use tokio::time::{Instant, timeout_at};

use super::super::changes::{Changes, changes};
use super::super::credentials::Provider;
use super::super::{Class, Fault, Purpose};
#[cfg(feature = "tls")]
use super::tls::Tls;
use super::wire::{self, Socket, Wire};
use super::{DURABLE_IN, Link, tracking};
use crate::said;

/// The same to each of a store's servers.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) settings: RedisConnectionInfo,
    /// Who we are, in place of what the settings say.
    pub(super) provider: Option<Provider>,
    #[cfg(feature = "tls")]
    pub(super) tls: Tls,
}

impl Way {
    /// As these settings have it.
    pub(super) fn of(settings: RedisConnectionInfo) -> Self {
        Self {
            settings,
            provider: None,
            #[cfg(feature = "tls")]
            tls: Tls::default(),
        }
    }

    /// A connection to the server at this address, for one purpose.
    pub(super) async fn open(
        &self,
        address: &ConnectionAddr,
        purpose: Purpose,
    ) -> Result<Link, Fault> {
        let wait = match purpose {
            Purpose::Prompt => Duration::ZERO,
            Purpose::Blocking(wait) => wait,
            Purpose::Durable => DURABLE_IN,
        };
        let socket = self.enter(address, &self.settings, look_up).await?;
        Ok(Link(Wire::new(socket, wait + RESPONSE_TIMEOUT)))
    }

    /// One in RESP3, told of changes unless the server refuses that.
    pub(super) async fn open_told(
        &self,
        address: &ConnectionAddr,
        prefix: &str,
    ) -> Result<(Link, Option<Changes>), Fault> {
        let settings = self.settings.clone();
        let settings = settings.set_protocol(ProtocolVersion::RESP3);
        let socket = self.enter(address, &settings, look_up).await?;
        let (teller, changes) = changes();
        let wire = Wire::telling(socket, RESPONSE_TIMEOUT, Some(teller));
        let tracks = async { wire.ask(&tracking::command(prefix)).await?.only() };
        let is_told = match tracks.await {
            Err(fault) if matches!(fault.class, Class::Connection | Class::Later) => {
                return Err(fault);
            }
            Err(fault) => {
                if fault.class == Class::Denied && said::is_news(format!("{address} {fault}")) {
                    tracing::warn!(target: "stream_events", "{address} does not tell a hub what changes, which asks all the time instead ({fault})");
                }
                false
            }
            Ok(_) => true,
        };
        Ok((Link(wire), is_told.then_some(changes)))
    }

    async fn enter(
        &self,
        address: &ConnectionAddr,
        settings: &RedisConnectionInfo,
        look_up: impl AsyncFn(&str, u16) -> io::Result<Vec<SocketAddr>>,
    ) -> Result<Box<dyn Socket>, Fault> {
        let until = Instant::now() + CONNECT_TIMEOUT;
        let given = match &self.provider {
            Some(provider) => Some(as_given(provider, settings, until).await?),
            None => None,
        };
        let settings = given.as_ref().unwrap_or(settings);
        let opened = timeout_at(until, wire::open(self, address, settings, look_up)).await;
        let late = || Err(Fault::new(Class::Connection, late(address)));
        match opened.unwrap_or_else(|_| late()) {
            // It may be another the next time.
            Err(fault) if fault.class == Class::Denied && given.is_some() => {
                let why = format!("the credentials that were given are refused: {fault}");
                Err(Fault::new(Class::Barred, why))
            }
            opened => opened,
        }
    }
}

/// What is said of a server that has not let us in within the time. One without TLS takes what it is greeted
/// by for the beginning of a command, and waits for the rest.
pub(super) fn late(address: &ConnectionAddr) -> &'static str {
    match address {
        ConnectionAddr::TcpTls { .. } => {
            "no answer in time, as from a server that speaks no TLS: its URL begins with `redis`, not `rediss`"
        }
        _ => "no answer in time",
    }
}

/// The settings with who we are now.
async fn as_given(
    provider: &Provider,
    settings: &RedisConnectionInfo,
    until: Instant,
) -> Result<RedisConnectionInfo, Fault> {
    let barred = |why| Fault::new(Class::Barred, why);
    let late = |_| barred("nobody gives credentials in time".to_owned());
    let given = timeout_at(until, provider.ask()).await.map_err(late)?;
    let credentials = given.map_err(barred)?;
    let who = RedisConnectionInfo::default()
        .set_db(settings.db())
        .set_protocol(settings.protocol())
        .set_password(credentials.password.reveal());
    Ok(match &credentials.user {
        Some(user) => who.set_username(user),
        None => who,
    })
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

    use tokio::time::timeout;

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
        let address = ConnectionAddr::Tcp("moves.invalid".to_owned(), 6379);
        let way = Way::of(RedisConnectionInfo::default());
        // The servers take connections and say nothing on them.
        let within = Duration::from_millis(500);
        let failed = async || {
            let entered = timeout(within, way.enter(&address, &way.settings, &look_up)).await;
            entered.map(|entered| entered.err().unwrap())
        };
        failed().await.unwrap_err();
        servers[0].accept().expect("it is where the name led to");
        let fault = failed().await.unwrap();
        assert_eq!(fault.class, Class::Connection);
        assert!(fault.why.contains("no such name"), "{fault}");
        failed().await.unwrap_err();
        servers[1].accept().expect("it is where the name leads now");
    }
}
