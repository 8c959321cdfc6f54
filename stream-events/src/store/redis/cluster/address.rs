//! Where a server of a cluster is.

use std::fmt;
use std::sync::Arc;

use redis::ConnectionAddr;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Address {
    host: Arc<str>,
    port: u16,
    /// The same for all servers of a cluster: the URL says it.
    is_tls: bool,
}

impl Address {
    /// None of what is no host with a port.
    pub(super) fn of(address: &ConnectionAddr) -> Option<Self> {
        let (host, port, is_tls) = match address {
            ConnectionAddr::Tcp(host, port) => (host, port, false),
            ConnectionAddr::TcpTls { host, port, .. } => (host, port, true),
            _ => return None,
        };
        Some(Self {
            host: host.as_str().into(),
            port: *port,
            is_tls,
        })
    }

    /// That of a server that this one names. Who does not know its own host says nothing or `?`, which
    /// means the host where that was asked.
    pub(super) fn named(&self, host: &str, port: u16) -> Self {
        let host = match host {
            "" | "?" => Arc::clone(&self.host),
            host => host.into(),
        };
        Self {
            host,
            port,
            is_tls: self.is_tls,
        }
    }

    /// As [`named`](Self::named), of `host:port`.
    pub(super) fn named_at(&self, place: &str) -> Option<Self> {
        let (host, port) = place.rsplit_once(':')?;
        Some(self.named(host, port.parse().ok()?))
    }

    pub(super) fn connection(&self) -> ConnectionAddr {
        let host = self.host.to_string();
        match self.is_tls {
            false => ConnectionAddr::Tcp(host, self.port),
            true => ConnectionAddr::TcpTls {
                host,
                port: self.port,
                insecure: false,
                tls_params: None,
            },
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
pub(super) fn at(host: &str, port: u16) -> Address {
    Address {
        host: host.into(),
        port,
        is_tls: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_does_not_know_its_host_is_where_it_was_asked() {
        let asked = at("a", 1);
        for (place, expected) in [
            ("b:7", Some(at("b", 7))),
            (":7", Some(at("a", 7))),
            ("?:7", Some(at("a", 7))),
            ("::1:7", Some(at("::1", 7))),
            ("b:", None),
            ("b:99999", None),
            ("b", None),
        ] {
            assert_eq!(asked.named_at(place), expected, "{place}");
        }
    }

    #[test]
    fn the_others_speak_tls_where_one_does() {
        let secure = ConnectionAddr::TcpTls {
            host: "a".to_owned(),
            port: 1,
            insecure: false,
            tls_params: None,
        };
        let other = Address::of(&secure).unwrap().named("b", 2);
        let expected = ConnectionAddr::TcpTls {
            host: "b".to_owned(),
            port: 2,
            insecure: false,
            tls_params: None,
        };
        assert_eq!(other.connection(), expected);
        assert_eq!(Address::of(&ConnectionAddr::Unix("a".into())), None);
    }
}
