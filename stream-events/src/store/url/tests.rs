use super::*;

const ACCEPTED: &str = "; accepted are redis://[user:password@]host[:port][/db], rediss:// (feature `tls`), \
                        redis+cluster://[user:password@]host[:port],… (feature `cluster`), \
                        redis+sentinel://[user:password@]host[:port],…/name[/db] (feature `sentinel`), \
                        unix:///path/to/socket and memory:";

fn refusal(url: &str) -> String {
    let error = StoreUrl::new(url).open().unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::InvalidUrl);
    error.to_string()
}

#[test]
fn a_wrong_url_is_named_with_what_is_accepted() {
    for (url, start) in [
        ("", "the store URL `` is no URL"),
        ("localhost:6379", "the store URL `localhost:6379` is no URL"),
        (
            "http://localhost",
            "the store URL `http://localhost` has the unknown scheme `http`",
        ),
        (
            "redis+clusters://a:1",
            "the store URL `redis+clusters://a:1` has the unknown scheme `redis+clusters`",
        ),
    ] {
        assert_eq!(refusal(url), format!("{start}{ACCEPTED}"));
    }
}

#[test]
#[cfg(feature = "redis")]
fn a_url_that_redis_cannot_use_is_refused() {
    for url in [
        "redis://",
        "redis://host:port",
        "redis://host/db",
        "redis://h:1/0?protocol=9",
    ] {
        assert!(refusal(url).starts_with("the store URL `redis://"), "{url}");
    }
}

#[test]
#[cfg(feature = "cluster")]
fn a_cluster_has_hosts_and_one_database() {
    for (url, why) in [
        ("redis+cluster://", "lacks a host"),
        ("redis+cluster://u:s3cret@a:1,,b", "lacks a host"),
        ("redis+cluster://a:1,b:x", "cannot be used"),
        ("redis+cluster://u:s3cret@a,b:1/2", "names a database"),
        ("redis+cluster://a/x", "cannot be used"),
    ] {
        let refusal = refusal(url);
        assert!(refusal.contains(why), "{url}: {refusal}");
        assert!(!refusal.contains("s3cret"), "{refusal}");
    }
    for url in [
        "redis+cluster://u:s3cret@a:1,b/",
        "redis+cluster://u:s3cret@a:1,b/0",
    ] {
        let store = StoreUrl::new(url).open().unwrap();
        assert!(store.shown().starts_with("redis+cluster://a:1,b/"));
        assert!(!format!("{store:?}").contains("s3cret"));
    }
}

#[test]
#[cfg(not(feature = "cluster"))]
fn what_a_feature_is_lacking_for_is_said() {
    let refusal = refusal("redis+cluster://a:1");
    assert!(refusal.contains("needs the feature `cluster`"), "{refusal}");
}

#[test]
fn no_secret_is_shown() {
    for url in [
        "redis://default:s3cret#def@host",
        "redis://default:s3cret?t@host:6379",
        "redis://default:s3cret/t@host:6379",
        "redis://user:s3cret",
        "user:s3cret",
        "redis://user:s3cret@host:port",
        "http://:s3cret@host",
        "redis://:s3cret",
        "redis://u:s3cret@x@host/db",
        "user:s3cret@host",
        "http://host/?password=s3cret",
        "redis://user:s3cret@host/no-number?token=s3cret",
        "http://user:s3cret,host:1",
        "http://u:s3cret@a:1,b:2/?password=a,s3cret",
    ] {
        let refusal = refusal(url);
        assert!(!refusal.contains("s3cret"), "{refusal}");
    }
    #[cfg(feature = "redis")]
    {
        let store = StoreUrl::new("redis://user:s3cret@localhost:1/2")
            .open()
            .unwrap();
        assert_eq!(store.shown(), "redis://localhost:1/2");
        assert!(!format!("{store:?}").contains("s3cret"));
    }
}

#[test]
#[cfg(feature = "tls")]
fn what_is_set_of_tls_has_to_be_whole_and_of_use() {
    for (url, why) in [
        (
            "rediss://u:s3cret@h/?cert=/s3cret",
            "(`cert`, or STREAM_EVENTS_TLS_CERT, is of no use without `key`, or STREAM_EVENTS_TLS_KEY)",
        ),
        (
            "rediss://u:s3cret@h/?key=/s3cret&cert=",
            "(`key`, or STREAM_EVENTS_TLS_KEY, is of no use without `cert`, or STREAM_EVENTS_TLS_CERT)",
        ),
        (
            "redis://u:s3cret@h/?cacert=/s3cret",
            "has the parameter `cacert`, which is for rediss:// (",
        ),
        (
            "unix:///s?pass=s3cret&key=",
            "has the parameter `key`, which is for rediss:// (",
        ),
        (
            "rediss://u:s3cret@h/#insecure",
            "certificates are always verified",
        ),
    ] {
        let refusal = refusal(url);
        assert!(
            refusal.contains(why) && !refusal.contains("s3cret"),
            "{refusal}"
        );
    }
    let all = "rediss://u:s3cret@h/?cacert=/s3cret&cert=/s3cret&key=/s3cret";
    let store = StoreUrl::new(all).open().unwrap();
    assert!(!format!("{store:?} {}", store.place()).contains("s3cret"));
}

#[test]
#[cfg(feature = "redis")]
fn two_databases_of_one_server_are_two_places_without_a_secret() {
    let place = |url: String| StoreUrl::new(url).open().unwrap().place();
    for (url, shown) in [
        ("redis://user:s3cret@localhost:1/", "redis://localhost:1 "),
        (
            "unix:///run/redis.sock?pass=s3cret&db=",
            "unix:///run/redis.sock",
        ),
    ] {
        let [first, second] = [1, 2].map(|database| place(format!("{url}{database}")));
        assert!(first.starts_with(shown), "{first}");
        assert!(first.ends_with(" (database 1)"), "{first}");
        assert_ne!(first, second);
        assert!(!first.contains("s3cret"), "{first}");
    }
}

/// What one process has left in the spool is delivered by another, which may write the URL in another way.
#[test]
#[cfg(all(feature = "cluster", feature = "sentinel"))]
fn a_store_is_one_place_however_its_url_is_written() {
    let place = |url: &str| StoreUrl::new(url).open().unwrap().place();
    for urls in [
        &[
            "redis://h",
            "redis://u:s3cret@h:6379/0",
            "redis://h/?protocol=3",
        ][..],
        &["unix:///s", "unix:///s?db=0&pass=s3cret"],
        &[
            "redis+cluster://a,b:1",
            "redis+cluster://:s3cret@b:1,a:6379/",
        ],
        &[
            "redis+sentinel://a,b:1/m",
            "redis+sentinel://b:1,a:26379/m/0?sentinel_password=s3cret",
        ],
    ] {
        let first = place(urls[0]);
        assert!(urls.iter().all(|url| place(url) == first), "{first}");
        assert!(!first.contains("s3cret"), "{first}");
    }
    let other = |parameters| place(&format!("unix:///s?{parameters}"));
    assert_ne!(other("db=0"), other("db=1"));
}
