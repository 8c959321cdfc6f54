//! Whether a browser's request comes from a page that may send it.

use axum::http::StatusCode;
use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;

use super::Problem;

/// Refuses what a page of another site has a browser send: it sends cookies along, and asks nobody before it
/// opens a WebSocket. What is no browser says no origin.
pub(super) fn check(request: &Parts, allowed: &[String]) -> Result<(), Problem> {
    let mut origins = request.headers.get_all(ORIGIN).iter();
    let Some(origin) = origins.next() else {
        return Ok(());
    };
    let refused = || {
        Problem::new(
            StatusCode::FORBIDDEN,
            "pages of this origin may not send this request",
        )
    };
    let origin = origin.to_str().map_err(|_| refused())?;
    let is_allowed = allowed.iter().any(|one| one.eq_ignore_ascii_case(origin));
    let is_only = origins.next().is_none();
    if is_only && (is_allowed || is_same(request, origin)) {
        Ok(())
    } else {
        Err(refused())
    }
}

/// Whether the page is of the host that it sends the request to. A proxy in front may have taken TLS away, so
/// the scheme says nothing but the port that is meant where none is named.
fn is_same(request: &Parts, origin: &str) -> bool {
    let Some((scheme, of_page)) = origin.split_once("://") else {
        return false;
    };
    let of_request = match request.headers.get(HOST) {
        Some(host) => host.to_str().ok(),
        None => request.uri.authority().map(|authority| authority.as_str()),
    };
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let bare = |host: &str| host.strip_suffix(port).unwrap_or(host).to_ascii_lowercase();
    of_request.is_some_and(|host| !host.is_empty() && bare(host) == bare(of_page))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn is_let_in(host: &str, origins: &[&str], allowed: &[&str]) -> bool {
        let request = Request::builder().uri("/stream").header(HOST, host);
        let request = origins
            .iter()
            .fold(request, |request, origin| request.header(ORIGIN, *origin));
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let allowed: Vec<_> = allowed.iter().map(ToString::to_string).collect();
        check(&parts, &allowed).is_ok()
    }

    #[test]
    fn a_page_of_the_same_host_is_let_in_and_no_other() {
        for (host, origin) in [
            ("a.example", "https://a.example"),
            ("a.example:443", "https://a.example"),
            ("A.example", "http://a.example:80"),
            ("[::1]:8080", "http://[::1]:8080"),
        ] {
            assert!(is_let_in(host, &[origin], &[]), "{host} {origin}");
        }
        for (host, origin) in [
            ("a.example", "https://b.example"),
            ("a.example", "https://a.example.evil"),
            ("a.example", "https://evil-a.example"),
            ("a.example", "https://a.example:8443"),
            ("a.example:8443", "https://a.example"),
            ("a.example", "http://a.example:443"),
            ("a.example", "null"),
            ("a.example", ""),
            ("a.example", "file://"),
            ("", "https://"),
            ("a.example", "chrome-extension://a.example"),
            ("a.example", "https://a.example https://b.example"),
            ("a.example", "https://a.example/"),
        ] {
            assert!(!is_let_in(host, &[origin], &[]), "{host} {origin}");
        }
        assert!(is_let_in("a.example", &[], &[]), "no browser");
    }

    #[test]
    fn an_origin_that_is_allowed_is_let_in_as_it_is_named() {
        let allowed = ["https://app.example"];
        assert!(is_let_in("api.example", &["https://app.example"], &allowed));
        for origins in [
            &["http://app.example"][..],
            &["https://app.example:444"],
            &["https://app.example", "https://evil.example"],
        ] {
            assert!(!is_let_in("api.example", origins, &allowed), "{origins:?}");
        }
    }
}
