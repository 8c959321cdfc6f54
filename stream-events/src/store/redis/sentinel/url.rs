//! A URL that names sentinels and a master.

use redis::{ConnectionAddr, ConnectionInfo, RedisConnectionInfo};
use url::form_urlencoded;

use super::super::connect;
use super::super::hosts::{Hosts, in_order};

/// `redis+sentinel://user:password@s1:26379,s2:26379/name/db?sentinel_user=u&sentinel_password=p`
pub(super) struct Named {
    pub(super) name: String,
    pub(super) seats: Vec<ConnectionAddr>,
    /// Who we are to the sentinels.
    pub(super) sentinels: RedisConnectionInfo,
    /// Who we are to the master.
    pub(super) servers: RedisConnectionInfo,
}

const PORT: u16 = 26379;

impl Named {
    /// The error says what is wrong with it, without the value at fault, which may hold a secret.
    pub(super) fn of(url: &str) -> Result<Self, String> {
        let hosts = Hosts::of(url)?;
        let (name, database) = name_and_database(hosts.path)?;
        let (sentinels, rest) = taken_apart(hosts.query)?;
        let behind = format!("/{database}{rest}");
        let seats = hosts.urls(PORT, &behind).map(|url| connect::read(&url));
        let seats: Vec<ConnectionInfo> = seats.collect::<Result<_, _>>()?;
        let servers = seats.first().ok_or("names no sentinel")?;
        let servers = servers.redis_settings().clone();
        Ok(Self {
            name: name.to_owned(),
            seats: seats.iter().map(|seat| seat.addr().clone()).collect(),
            sentinels,
            servers,
        })
    }

    /// The same in whichever order the sentinels are named.
    pub(super) fn place(&self) -> String {
        let seats = in_order(&self.seats);
        let (name, database) = (&self.name, self.servers.db());
        format!("redis+sentinel://{seats}/{name} (database {database})")
    }
}

/// `/name`, `/name/` or `/name/db`
fn name_and_database(path: &str) -> Result<(&str, &str), String> {
    let path = path.strip_prefix('/').unwrap_or_default();
    let (name, database) = path.split_once('/').unwrap_or((path, ""));
    if name.is_empty() {
        return Err(
            "names no master: its path is the name by which the sentinels know it".to_owned(),
        );
    }
    // What a sentinel takes for a name.
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    if !name.chars().all(is_of_name) {
        return Err(
            "has other characters in the master's name than letters, digits, `.`, `-` and `_`"
                .to_owned(),
        );
    }
    Ok((name, database))
}

/// The sentinels' user, and what is left for the servers.
fn taken_apart(query: &str) -> Result<(RedisConnectionInfo, String), String> {
    let (query, fragment) = query.split_at(query.find('#').unwrap_or(query.len()));
    let pairs = query.strip_prefix('?').unwrap_or_default().split('&');
    let (own, rest): (Vec<_>, Vec<_>) = pairs.partition(|pair| pair.starts_with(OWN));
    let (mut user, mut password) = (None, None);
    for (name, value) in form_urlencoded::parse(own.join("&").as_bytes()) {
        match &*name {
            "sentinel_user" => user = Some(value.into_owned()),
            _ => password = Some(value.into_owned()),
        }
    }
    let mut settings = RedisConnectionInfo::default();
    match (user, password) {
        (None, None) => {}
        (Some(_), None) => {
            return Err("has a `sentinel_user` without a `sentinel_password`".to_owned());
        }
        (user, Some(password)) => {
            settings = settings.set_password(password);
            if let Some(user) = user {
                settings = settings.set_username(user);
            }
        }
    }
    let rest = rest.join("&");
    let mark = if rest.is_empty() { "" } else { "?" };
    Ok((settings, format!("{mark}{rest}{fragment}")))
}

/// What all parameters for the sentinels begin with.
const OWN: &str = "sentinel_";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_master_and_the_sentinels_have_users_of_their_own() {
        let url = "redis+sentinel://user:p%40ss@s1,s2:7,[::1]/my.master-1_A/3?sentinel_user=u%26u&protocol=resp3\
                   &sentinel_password=a%2Bb";
        let named = Named::of(url).unwrap();
        assert_eq!(named.name, "my.master-1_A");
        let seats: Vec<_> = named.seats.iter().map(ToString::to_string).collect();
        assert_eq!(seats, ["s1:26379", "s2:7", "::1:26379"]);
        let (servers, sentinels) = (named.servers, named.sentinels);
        assert_eq!(servers.username(), Some("user"));
        assert_eq!(servers.password(), Some("p@ss"));
        assert_eq!(servers.db(), 3);
        assert_eq!(sentinels.username(), Some("u&u"));
        assert_eq!(sentinels.password(), Some("a+b"));
        assert_eq!(sentinels.db(), 0);
    }

    #[test]
    fn without_a_password_of_their_own_the_sentinels_get_none() {
        let named = Named::of("redis+sentinel://user:password@s1/m").unwrap();
        assert_eq!(named.servers.password(), Some("password"));
        assert_eq!(
            (named.sentinels.username(), named.sentinels.password()),
            (None, None)
        );
    }

    #[test]
    fn the_order_of_the_sentinels_is_no_other_place() {
        let place = |url| Named::of(url).unwrap().place();
        let expected = "redis+sentinel://a:26379,b:1/m (database 2)";
        assert_eq!(place("redis+sentinel://x:s3cret@b:1,a/m/2"), expected);
        assert_eq!(
            place("redis+sentinel://a,b:1/m/2?sentinel_password=s3cret"),
            expected
        );
    }

    #[test]
    fn a_url_that_names_no_master_is_refused() {
        for (url, why) in [
            ("redis+sentinel://a", "names no master"),
            ("redis+sentinel://a/", "names no master"),
            ("redis+sentinel://a//2", "names no master"),
            ("redis+sentinel://a/my%20master", "has other characters"),
            ("redis+sentinel://a,,b/m", "lacks a host"),
            ("redis+sentinel://a/m/x", "cannot be used"),
            ("redis+sentinel://a:x/m", "cannot be used"),
            (
                "redis+sentinel://a/m?sentinel_user=u",
                "has a `sentinel_user` without",
            ),
        ] {
            let refusal = Named::of(url).err().unwrap();
            assert!(refusal.starts_with(why), "{url}: {refusal}");
            assert!(!refusal.contains("s3cret"), "{refusal}");
        }
    }
}
