//! A password that goes over a network in clear text, which is said.

use std::net::IpAddr;

use redis::ConnectionAddr;

use super::way::Way;
use crate::said;

/// Warns of it, once for a store. It is the name that counts, which nobody looks up here: this is said by
/// whom the store is opened, and blocks nobody.
pub(super) fn warn<'a>(
    shown: &str,
    way: &Way,
    servers: impl IntoIterator<Item = &'a ConnectionAddr>,
) {
    let has_password = way.settings.password().is_some() || way.provider.is_some();
    if has_password
        && servers.into_iter().any(is_open)
        && said::is_news(format!("{shown} in clear text"))
    {
        tracing::warn!(
            target: "stream_events",
            "the password for {shown} goes over the network in clear text, as do all events: use rediss://"
        );
    }
}

/// Whether others may hear what is said to it.
fn is_open(server: &ConnectionAddr) -> bool {
    let ConnectionAddr::Tcp(host, _) = server else {
        return false;
    };
    let is_loopback = match host.parse() {
        Ok(IpAddr::V6(address)) => address.to_canonical().is_loopback(),
        Ok(IpAddr::V4(address)) => address.is_loopback(),
        // https://www.rfc-editor.org/rfc/rfc6761#section-6.3
        Err(_) => host.trim_end_matches('.').rsplit('.').next() == Some("localhost"),
    };
    !is_loopback
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_hears_what_is_said_to_itself() {
        let is_open = |host: &str| is_open(&ConnectionAddr::Tcp(host.to_owned(), 6379));
        for host in [
            "localhost",
            "db.localhost",
            "localhost.",
            "127.0.0.1",
            "127.9.9.9",
            "::1",
        ] {
            assert!(!is_open(host), "{host}");
        }
        for host in [
            "redis",
            "localhost.example.org",
            "10.0.0.1",
            "128.0.0.1",
            "::2",
        ] {
            assert!(is_open(host), "{host}");
        }
        assert!(!super::is_open(&ConnectionAddr::Unix(
            "/run/redis.sock".into()
        )));
    }
}
