//! What a request shows of who sends it.

use std::borrow::Cow;
use std::hint::black_box;

use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use url::form_urlencoded;

/// The token of `Authorization: Bearer …`; none where there is none, or more than one.
#[must_use]
pub fn bearer(request: &Parts) -> Option<&str> {
    let mut headers = request.headers.get_all(AUTHORIZATION).iter();
    let (header, None) = (headers.next()?, headers.next()) else {
        return None;
    };
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The value of the cookie of this name; none where there is none.
#[must_use]
pub fn cookie<'a>(request: &'a Parts, name: &str) -> Option<&'a str> {
    let headers = request.headers.get_all(COOKIE).iter();
    headers
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// The value of the parameter of this name in the request's address; none where there is none. The
/// [`Api`](super::Api) has to be [told](super::ApiBuilder::parameters) of such a name.
#[must_use]
pub fn parameter<'a>(request: &'a Parts, name: &str) -> Option<Cow<'a, str>> {
    let query = request.uri.query()?.as_bytes();
    let mut pairs = form_urlencoded::parse(query);
    pairs.find_map(|(key, value)| (key == name).then_some(value))
}

/// Whether two secrets are the same, in a time that says nothing of where they differ. It does of how long
/// they are.
#[must_use]
pub fn is_same(a: impl AsRef<[u8]>, b: impl AsRef<[u8]>) -> bool {
    let (a, b) = (a.as_ref(), b.as_ref());
    let differs = |sum: u8, (a, b): (&u8, &u8)| black_box(sum | (a ^ b));
    a.len() == b.len() && a.iter().zip(b).fold(0, differs) == 0
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn request(headers: &[(&str, &str)]) -> Parts {
        let request = headers.iter().fold(
            Request::get("/a?b=1&ticket=x%20y&ticket=z"),
            |request, (name, value)| request.header(*name, *value),
        );
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_token_and_a_cookie_are_found_where_they_are_and_not_elsewhere() {
        let token = |header| bearer(&request(&[("authorization", header)])).map(str::to_owned);
        assert_eq!(token("Bearer a.b").as_deref(), Some("a.b"));
        assert_eq!(token("bearer a.b").as_deref(), Some("a.b"));
        assert_eq!(token("Basic a.b"), None);
        assert_eq!(token("Bearer"), None);
        let two = [("authorization", "Bearer a"), ("authorization", "Bearer b")];
        assert_eq!(bearer(&request(&two)), None);

        let request = request(&[("cookie", "a=1; session=x=y"), ("cookie", "b=2")]);
        assert_eq!(cookie(&request, "session"), Some("x=y"));
        assert_eq!(cookie(&request, "b"), Some("2"));
        assert_eq!(cookie(&request, "sess"), None);
        assert_eq!(parameter(&request, "ticket").as_deref(), Some("x y"));
        assert_eq!(parameter(&request, "tick"), None);
    }

    #[test]
    fn only_the_same_is_the_same() {
        assert!(is_same("abc", b"abc") && is_same("", ""));
        for other in ["", "ab", "abcd", "abd", "xbc"] {
            assert!(!is_same("abc", other), "{other}");
        }
    }
}
