//! A URL that names several servers, taken apart into URLs of one.

use redis::ConnectionAddr;

/// `redis+cluster://user:password@a:7000,b:7001/path?query`, and what is like it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hosts<'a> {
    /// Of the URL of one server: whether it speaks TLS.
    scheme: &'a str,
    /// With the `@` behind it; empty where there is none.
    user: &'a str,
    hosts: Vec<&'a str>,
    /// With the `/` before it; empty where there is none.
    pub(super) path: &'a str,
    /// What follows the path, with its `?` or `#`.
    pub(super) query: &'a str,
}

impl<'a> Hosts<'a> {
    /// The error says what is wrong with it, without the value at fault, which may hold a secret.
    pub(super) fn of(url: &'a str) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").ok_or("is no URL")?;
        let scheme = scheme.split('+').next().unwrap_or_default();
        let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (path, query) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
        let (user, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        let hosts: Vec<_> = hosts.split(',').collect();
        if hosts.iter().any(|host| host.is_empty()) {
            return Err("lacks a host before or after a comma, or has none".to_owned());
        }
        Ok(Self {
            scheme,
            user,
            hosts,
            path,
            query,
        })
    }

    /// A URL of each, with this port where it names none, and with this behind it.
    pub(super) fn urls(&self, port: u16, behind: &str) -> impl Iterator<Item = String> {
        let url = move |host: &&str| {
            let port = match has_port(host) {
                true => String::new(),
                false => format!(":{port}"),
            };
            format!("{}://{}{host}{port}{behind}", self.scheme, self.user)
        };
        self.hosts.iter().map(url)
    }
}

/// The same in whichever order they are named.
pub(super) fn in_order(addresses: &[ConnectionAddr]) -> String {
    let mut addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    addresses.sort();
    addresses.join(",")
}

/// The colons of an address in brackets are none of a port.
fn has_port(host: &str) -> bool {
    let behind = host.rsplit(']').next().unwrap_or_default();
    behind.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(url: &str) -> Vec<String> {
        let hosts = Hosts::of(url).unwrap();
        hosts.urls(6379, hosts.query).collect()
    }

    #[test]
    fn each_host_is_a_server_with_the_same_user_and_query() {
        for (url, expected) in [
            (
                "redis+cluster://u:p%40s@a:7000,b,[::1]:7,[::1]/?protocol=resp3",
                vec![
                    "redis://u:p%40s@a:7000?protocol=resp3",
                    "redis://u:p%40s@b:6379?protocol=resp3",
                    "redis://u:p%40s@[::1]:7?protocol=resp3",
                    "redis://u:p%40s@[::1]:6379?protocol=resp3",
                ],
            ),
            ("rediss+sentinel://a", vec!["rediss://a:6379"]),
            ("redis+cluster://a#x,y@z", vec!["redis://a:6379#x,y@z"]),
        ] {
            assert_eq!(urls(url), expected, "{url}");
        }
        let hosts = Hosts::of("redis+sentinel://a,b/mymaster/2?x=/1").unwrap();
        assert_eq!((hosts.path, hosts.query), ("/mymaster/2", "?x=/1"));
    }

    #[test]
    fn what_names_no_host_is_refused() {
        for url in [
            "redis+cluster://",
            "redis+cluster://u:p@",
            "redis+cluster://a,,b",
            "redis+cluster://a,/0",
        ] {
            let why = Hosts::of(url).unwrap_err();
            assert!(why.starts_with("lacks a host"), "{url}: {why}");
        }
        assert_eq!(Hosts::of("a:1").unwrap_err(), "is no URL");
    }
}
