//! From a URL to a store.

use std::sync::Arc;

use redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo, RedisError,
};

use super::super::Store;
use super::super::credentials::Provider;
use super::clear;
#[cfg(feature = "cluster")]
use super::cluster::Cluster;
#[cfg(feature = "cluster")]
use super::hosts::Hosts;
#[cfg(feature = "sentinel")]
use super::sentinel;
use super::server::{Address, Server};
use super::way::Way;

/// The store of this URL, of a scheme whose feature is there; the error says what is wrong with it.
pub(in crate::store) fn open(
    url: &str,
    shown: String,
    provider: Option<Provider>,
) -> Result<Arc<dyn Store>, String> {
    let (scheme, _) = url.split_once(':').unwrap_or_default();
    match scheme.split_once('+') {
        #[cfg(feature = "cluster")]
        Some((_, "cluster")) => return open_cluster(url, shown, provider),
        #[cfg(feature = "sentinel")]
        Some((_, "sentinel")) => return sentinel::open(url, shown, provider),
        _ => {}
    }
    if has_several(url) {
        return Err(
            "names several servers, as a URL of redis+cluster:// or redis+sentinel:// does"
                .to_owned(),
        );
    }
    let server = read(url)?;
    let way = way(url, [&server], &shown, provider)?;
    let place = place(&server);
    let address = Address::Fixed(server.addr().clone());
    Ok(Arc::new(Server::new(address, way, shown, place)))
}

/// The same however its URL is written.
fn place(server: &ConnectionInfo) -> String {
    let scheme = match server.addr() {
        ConnectionAddr::Unix(_) => "unix",
        _ => "redis",
    };
    let database = server.redis_settings().db();
    format!("{scheme}://{} (database {database})", server.addr())
}

/// A comma is of no host's name.
fn has_several(url: &str) -> bool {
    let (_, rest) = url.split_once("://").unwrap_or_default();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.contains(',')
}

/// The cluster of this URL, which names one server of it or more.
#[cfg(feature = "cluster")]
fn open_cluster(
    url: &str,
    shown: String,
    provider: Option<Provider>,
) -> Result<Arc<dyn Store>, String> {
    let hosts = Hosts::of(url)?;
    let behind = format!("{}{}", hosts.path, hosts.query);
    let servers = hosts.urls(PORT, &behind).map(|url| read(&url));
    let servers = servers.collect::<Result<Vec<_>, _>>()?;
    if servers[0].redis_settings().db() != 0 {
        return Err("names a database, and a cluster has number 0 alone".to_owned());
    }
    let way = way(url, &servers, &shown, provider)?;
    let seeds: Vec<_> = servers.iter().map(|server| server.addr().clone()).collect();
    Ok(Arc::new(Cluster::new(&seeds, way, shown)))
}

/// The way to these servers of a URL, of which each is entered alike.
pub(super) fn way<'a>(
    #[cfg_attr(not(feature = "tls"), expect(unused_variables, reason = "of TLS"))] url: &str,
    servers: impl IntoIterator<Item = &'a ConnectionInfo>,
    shown: &str,
    provider: Option<Provider>,
) -> Result<Way, String> {
    let servers: Vec<_> = servers.into_iter().collect();
    let first = servers[0];
    let settings = first.redis_settings();
    known(settings, provider.as_ref())?;
    let mut way = Way::of(settings.clone());
    way.provider = provider;
    #[cfg(feature = "tls")]
    {
        way.tls = super::tls::Tls::set(url, first.addr())?;
    }
    clear::warn(shown, &way, servers.iter().map(|server| server.addr()));
    Ok(way)
}

/// Whether it is said who we are: of a user without a password the client would make the user `default`, who may have
/// other rights.
pub(super) fn known(
    settings: &RedisConnectionInfo,
    provider: Option<&Provider>,
) -> Result<(), String> {
    let is_known = settings.username().is_none() || settings.password().is_some();
    match is_known || provider.is_some() {
        true => Ok(()),
        false => {
            Err("has a user without a password; for one who needs none, any is right".to_owned())
        }
    }
}

/// Of a server whose URL names none.
#[cfg(feature = "cluster")]
const PORT: u16 = 6379;

/// What the URL of one server says.
pub(super) fn read(url: &str) -> Result<ConnectionInfo, String> {
    #[cfg(feature = "tls")]
    if url.starts_with("rediss:") {
        super::tls::provide_crypto();
    }
    let info = url
        .into_connection_info()
        .map_err(|error| refusal(&error))?;
    let client = Client::open(info).map_err(|error| refusal(&error))?;
    if client.get_connection_info().redis_settings().db() < 0 {
        return Err("cannot be used (Invalid database number)".to_owned());
    }
    Ok(client.get_connection_info().clone())
}

/// What the client says of a URL that is none.
const UNPARSED: &str = "Redis URL did not parse";
const SPECIAL: &str = ": a port is a number, and what is special in a URL is written in percent, as `%2F` for a `/` in a password";

/// Without the value at fault, which may hold a secret.
fn refusal(error: &RedisError) -> String {
    let text = error.to_string();
    let what = text.split(" - ").next().unwrap_or_default();
    let what = what.trim_end_matches([':', ' ']);
    let special = if what == UNPARSED { SPECIAL } else { "" };
    format!("cannot be used ({what}{special})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_client_would_pass_over_is_refused() {
        let open = |url| open(url, "redis://h".to_owned(), None);
        for (url, why) in [
            ("redis://u@h", "has a user without a password"),
            ("redis://u:@h", "has a user without a password"),
            ("unix:///s?user=u", "has a user without a password"),
            ("redis://a,b:1/", "names several servers"),
            (
                "redis://u:p@127.0.0.1:1,127.0.0.1:2",
                "names several servers",
            ),
            ("redis://h/-1", "cannot be used (Invalid database number)"),
            (
                "unix:///s?db=-1",
                "cannot be used (Invalid database number)",
            ),
        ] {
            let refused = open(url).err().unwrap();
            assert!(refused.starts_with(why), "{url}: {refused}");
        }
        for url in [
            "redis://:p@h",
            "redis://h,",
            "redis://:@h",
            "redis://u:p,q@h",
        ] {
            assert_eq!(open(url).is_ok(), url != "redis://h,", "{url}");
        }
    }

    #[test]
    fn a_password_that_is_no_part_of_a_url_as_it_stands_is_told_how_it_could_be() {
        let refused = read("redis://user:s3/cret@host/").unwrap_err();
        let expected = "cannot be used (Redis URL did not parse: a port is a number, and what is special in a \
                        URL is written in percent, as `%2F` for a `/` in a password)";
        assert_eq!(refused, expected);
        let read = read("redis://user:s3%2Fcret@host/").unwrap();
        assert_eq!(read.redis_settings().password(), Some("s3/cret"));
    }
}
