//! What a URL says behind its `?`: nothing that means nothing there.

use crate::error::shown;

/// What is mistyped, or means something for another store, is said and not passed over: who writes `cacert` believes
/// to be safe. The error shows no value, which may be a secret.
pub(super) fn check(url: &str) -> Result<(), String> {
    let (scheme, rest) = url.split_once(':').unwrap_or_default();
    if rest.contains('#') {
        return Err(NO_FRAGMENT.to_owned());
    }
    let (_, query) = rest.split_once('?').unwrap_or_default();
    let (mut seen, known) = (Vec::new(), known(scheme));
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !known.contains(&name) {
            // Else the `?` may be a password's, and what follows, too.
            let is_parameter = pair.contains('=') && !query.contains('@');
            return Err(unknown(name, is_parameter, &known));
        }
        if seen.contains(&name) {
            return Err(format!("has the parameter `{name}` twice"));
        }
        if name == PROTOCOL && !PROTOCOLS.contains(&value) {
            return Err(format!(
                "has a `{PROTOCOL}` that is neither `resp2` nor `resp3`"
            ));
        }
        seen.push(name);
    }
    Ok(())
}

/// Those that a URL of this scheme may have.
fn known(scheme: &str) -> Vec<&'static str> {
    let of_it = PARAMETERS.into_iter().filter(|group| (group.is_of)(scheme));
    of_it.flat_map(|group| group.names).copied().collect()
}

fn unknown(name: &str, is_parameter: bool, known: &[&str]) -> String {
    let known = match known {
        [] => "none".to_owned(),
        known => format!("`{}`", known.join("`, `")),
    };
    let known = format!("accepted there: {known}");
    if let Some(other) = PARAMETERS.iter().find(|group| group.names.contains(&name)) {
        return format!(
            "has the parameter `{name}`, which is for {} ({known})",
            other.of
        );
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    match is_parameter && name.chars().all(is_word) {
        true => format!("has the unknown parameter `{}` ({known})", shown(name)),
        false => {
            format!("has an unknown parameter ({known}; a `?` in a password is written `%3F`)")
        }
    }
}

/// Parameters of some stores.
struct Group {
    /// By which these are named.
    of: &'static str,
    is_of: fn(scheme: &str) -> bool,
    names: &'static [&'static str],
}

const PARAMETERS: [Group; 4] = [
    Group {
        of: "servers",
        is_of: |scheme| scheme != "memory",
        names: &[PROTOCOL],
    },
    Group {
        of: "unix://",
        is_of: |scheme| scheme == "unix",
        names: &["db", "user", "pass"],
    },
    Group {
        of: "rediss://",
        is_of: |scheme| scheme.starts_with("rediss"),
        names: &["cacert", "cert", "key"],
    },
    Group {
        of: "redis+sentinel://",
        is_of: |scheme| scheme.ends_with("+sentinel"),
        names: &["sentinel_user", "sentinel_password"],
    },
];

const PROTOCOL: &str = "protocol";
/// As the client reads them.
const PROTOCOLS: [&str; 4] = ["2", "3", "resp2", "resp3"];
const NO_FRAGMENT: &str = "has a `#`, behind which nothing may stand: certificates are always verified, and in a \
                           password it is written `%23`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_store_has_parameters_of_its_own() {
        for url in [
            "redis://h",
            "redis://h/1?",
            "redis://h?protocol=resp3&",
            "unix:///s?db=1&user=u&pass=p&protocol=3",
            "rediss://h?cacert=/me@home/c&cert=&key=",
            "redis+cluster://a,b?protocol=2",
            "rediss+cluster://a?cacert=c",
            "redis+sentinel://a/m?sentinel_user=u&sentinel_password=p",
            "rediss+sentinel://a/m?sentinel_password=p&cacert=c&protocol=resp2",
            "memory:name",
        ] {
            assert_eq!(check(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn a_parameter_that_is_none_is_named_with_those_that_are() {
        for (url, said) in [
            (
                "redis://h?cacrt=s3cret",
                "unknown parameter `cacrt` (accepted there: `protocol`)",
            ),
            (
                "redis+cluster://a,b?Protocol=2",
                "unknown parameter `Protocol` (accepted there: `protocol`)",
            ),
            (
                "rediss://h?cacert=c&ca-cert=s3cret",
                "unknown parameter `ca-cert` (accepted there: `protocol`, `cacert`, `cert`, `key`)",
            ),
            (
                "unix:///s?password=s3cret",
                "unknown parameter `password` (accepted there: `protocol`, `db`, `user`, `pass`)",
            ),
            (
                "rediss+sentinel://a/m?sentinel_pass=s3cret",
                "unknown parameter `sentinel_pass` (accepted there: `protocol`, `cacert`, \
                 `cert`, `key`, `sentinel_user`, `sentinel_password`)",
            ),
            (
                "memory:name?odd=",
                "unknown parameter `odd` (accepted there: none)",
            ),
            (
                "redis://h?db=1",
                "parameter `db`, which is for unix:// (accepted there: `protocol`)",
            ),
            (
                "redis+sentinel://h/m?cacert=s3cret",
                "parameter `cacert`, which is for rediss:// (accepted there: `protocol`, \
                 `sentinel_user`, `sentinel_password`)",
            ),
            (
                "redis+cluster://h?sentinel_user",
                "parameter `sentinel_user`, which is for redis+sentinel:// (accepted there: \
                 `protocol`)",
            ),
            (
                "memory:name?protocol=2",
                "parameter `protocol`, which is for servers (accepted there: none)",
            ),
        ] {
            let refused = check(url).unwrap_err();
            let refused = refused.strip_prefix("has the ");
            assert_eq!(refused, Some(said), "{url}");
        }
    }

    #[test]
    fn what_may_be_of_a_password_is_not_shown() {
        for url in [
            "redis://u:1?s3cret@h",
            "redis://u:1?s3cret=x@h",
            "redis://:1?s3cret",
            "redis://h?s3cret%20",
        ] {
            let refused = check(url).unwrap_err();
            assert!(
                refused.contains("a `?` in a password is written `%3F`"),
                "{refused}"
            );
            assert!(!refused.contains("s3cret"), "{refused}");
        }
        for url in [
            "redis://u:1#s3cret@h",
            "rediss://h/#insecure",
            "unix:///s?pass=a#s3cret",
        ] {
            assert_eq!(check(url), Err(NO_FRAGMENT.to_owned()));
        }
    }

    #[test]
    fn what_contradicts_itself_or_says_nothing_is_refused() {
        for url in [
            "redis://h?protocol=resp2&protocol=resp3",
            "redis://h?protocol=2&protocol=2",
        ] {
            assert_eq!(
                check(url),
                Err("has the parameter `protocol` twice".to_owned())
            );
        }
        for url in [
            "redis://h?protocol",
            "redis://h?protocol=",
            "redis://h?protocol=s3cret",
        ] {
            let said = "has a `protocol` that is neither `resp2` nor `resp3`";
            assert_eq!(check(url), Err(said.to_owned()));
        }
    }
}
