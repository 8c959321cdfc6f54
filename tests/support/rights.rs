//! The rights that the documentation gives to users of a store, as they stand there.

use super::{TestCluster, TestRedis};

/// The page that says so.
const PAGE: &str = include_str!("../../docs/SECURITY.md");
/// How users of a cluster are told what they may do on each of its servers.
const ON_EACH: &str = "redis-cli --cluster call HOST:PORT ";
/// Names who those are that come to the servers of a run of the tests, and have these rights and no others: a
/// `publisher`, or of any other name, who is a reader as well.
const LEAST: &str = "STREAM_EVENTS_TEST_RIGHTS";

/// The rules of `ACL SETUSER` for `publisher` or `reader`, but for the password.
#[must_use]
pub fn rights(user: &str) -> Vec<&'static str> {
    rules(&format!("ACL SETUSER {user} "))
}

/// Those that are needed in a cluster beside them.
#[must_use]
pub fn cluster_rights(user: &str) -> Vec<&'static str> {
    rules(&format!("{ON_EACH}ACL SETUSER {user} "))
}

/// Those that are needed behind Sentinel beside them; and of `finder`, who asks sentinels.
#[must_use]
pub fn sentinel_rights(user: &str) -> Vec<&'static str> {
    let at = match user {
        "finder" => "SENTINEL -p 26379",
        _ => "SERVER",
    };
    rules(&format!("redis-cli -h {at} ACL SETUSER {user} "))
}

fn rules(start: &str) -> Vec<&'static str> {
    let lines = PAGE.lines().filter_map(|line| line.strip_prefix(start));
    // What a shell would take for its own stands in quotes.
    let words = lines.flat_map(str::split_whitespace);
    let words = words.map(|word| word.trim_matches('\''));
    let rules: Vec<_> = words.filter(|word| word.starts_with(['~', '+'])).collect();
    assert!(!rules.is_empty(), "the documentation has no {start}");
    rules
}

impl TestRedis {
    /// Its URL, of who reads and does nothing else.
    #[must_use]
    pub fn reader_url(&self) -> String {
        match self.admin_url() == self.url() {
            true => self.url(),
            false => self.url().replace("//", "//reading:any@"),
        }
    }
}

impl TestCluster {
    /// As of a [server](TestRedis::reader_url).
    #[must_use]
    pub fn reader_url(&self) -> String {
        match are_least() {
            true => self.url().replace("//", "//reading:any@"),
            false => self.url(),
        }
    }
}

/// What a server has to be told so that those who name no user have the rights that this run is about, also in a
/// cluster and behind Sentinel, those who are `reading` a reader's, and tests those of an `admin`.
pub(crate) fn arguments() -> Vec<String> {
    let admin = "--user admin on nopass ~* &* +@all --masteruser admin --masterauth any";
    let each = [rights, cluster_rights, sentinel_rights];
    let of = |user| each.map(|rights| rights(user)).concat();
    let who = std::env::var(LEAST);
    let also = match who.as_deref() {
        Ok("publisher") => Vec::new(),
        _ => of("reader"),
    };
    let default = "--user default on nopass &* +select +wait".split(' ');
    let default = default.chain(of("publisher")).chain(also);
    let reading = "--user reading on nopass &* +select".split(' ');
    let reading = reading.chain(of("reader"));
    let all = admin.split(' ').chain(default).chain(reading);
    all.map(str::to_owned).collect()
}

/// What a sentinel has to be told so that those who name no user may do there what a `finder` may, tests
/// all as a `tester`, and itself at the servers what an `admin` may.
pub(crate) fn of_sentinel(master: &str) -> Vec<String> {
    vec![
        format!("sentinel auth-user {master} admin"),
        format!("sentinel auth-pass {master} any"),
        format!(
            "user default reset on nopass {}",
            sentinel_rights("finder").join(" ")
        ),
        "user tester on >any allchannels +@all".to_owned(),
        "sentinel sentinel-user tester".to_owned(),
        "sentinel sentinel-pass any".to_owned(),
    ]
}

/// Who may do everything, to one server that is told by another to come to it.
pub(crate) fn admin_of_servers() -> &'static [&'static str] {
    match are_least() {
        true => &["AUTH2", "admin", "any"],
        false => &[],
    }
}

/// Whether this run asks for it.
pub(crate) fn are_least() -> bool {
    std::env::var_os(LEAST).is_some()
}
