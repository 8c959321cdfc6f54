//! The rights that the documentation gives to users of a store, as they stand there.

/// The page that says so.
const PAGE: &str = include_str!("../../docs/SECURITY.md");
/// How users of a cluster are told what they may do on each of its servers.
const ON_EACH: &str = "redis-cli --cluster call HOST:PORT ";
/// Names a run of the tests whose publishers and readers have these rights and no others.
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
    let words = lines.flat_map(str::split_whitespace);
    let rules: Vec<_> = words.filter(|word| word.starts_with(['~', '+'])).collect();
    assert!(!rules.is_empty(), "the documentation has no {start}");
    rules
}

/// What a server has to be told so that those who name no user have the rights of a publisher and of a
/// reader, and tests those of an `admin`.
pub(crate) fn arguments() -> Vec<String> {
    let admin = "--user admin on nopass ~* &* +@all --masteruser admin --masterauth any";
    let all = [
        rights("publisher"),
        rights("reader"),
        vec!["+select", "+wait"],
    ]
    .concat();
    let default = "--user default on nopass &*".split(' ').chain(all);
    admin.split(' ').chain(default).map(str::to_owned).collect()
}

/// Whether this run asks for it.
pub(crate) fn are_least() -> bool {
    std::env::var_os(LEAST).is_some()
}
