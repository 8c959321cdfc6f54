//! A URL as it may be shown.

use crate::error::shown;

/// The URL with neither user, password nor parameters. Also of a text that is no URL, since a
/// password may be what makes it none: what cannot be told from one is not shown.
pub(super) fn shown_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return match url.rsplit_once('@') {
            Some((_, host)) => bare(host),
            None => bare(url),
        };
    };
    let host = match rest.rsplit_once('@') {
        // An `@` behind these is a parameter's, or an unescaped one of a password.
        Some((secret, _)) if secret.contains(['?', '#', '/']) => "…".to_owned(),
        Some((_, host)) => bare(host),
        None => bare(rest),
    };
    format!("{}://{host}", shown(scheme))
}

/// Hosts, each with its port where that is one, and a path.
fn bare(hosts: &str) -> String {
    let hosts = hosts.split(['?', '#']).next().unwrap_or_default();
    let each: Vec<_> = hosts.split(',').map(bare_host).collect();
    each.join(",")
}

/// What follows a colon and is no port may be a password whose `@` was forgotten.
fn bare_host(host: &str) -> String {
    let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    let authority = host.split('/').next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((name, port)) if !is_port(port) && !authority.ends_with(']') => {
            format!("{}:…", shown(name))
        }
        _ => shown(host),
    }
}
