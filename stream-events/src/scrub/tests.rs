//! What is taken for a secret, and what is not.

use super::*;

/// What is expected, with the secrets in `{}`.
fn check(marked: &str) {
    let text = marked.replace(['{', '}'], "");
    let parts: Vec<_> = marked.split(['{', '}']).collect();
    let expected: String = parts
        .iter()
        .enumerate()
        .map(|(n, part)| match n % 2 {
            0 => *part,
            _ => REDACTED,
        })
        .collect();
    let scrubbed = Scrub::default().text(&text).into_owned();
    assert_eq!(scrubbed, expected, "of {text}");
    assert_eq!(Scrub::default().text(&scrubbed), scrubbed, "once more");
    assert_eq!(Scrub::none().text(&text), text);
}

#[test]
fn urls_lose_user_and_password() {
    for marked in [
        "redis://{user:s3cret}@host:6379/0",
        "at redis://{:s3cret}@host, and https://host/path",
        "postgres://{u:p@ss/w?rd#}@host/db",
        "https://{token}@github.com/a/b.git",
        "mongodb://{u:p}@h1:27017,h2:27017/db?w=1",
        "<https://{u:p}@host/>",
        "amqp://{u:пароль}@host",
        "http://{u:p}@[::1]:80/",
        "http://[::1]:8080/~a/@me",
        "https://host:8080/@user",
        "https://host/?mail=a@b.c",
        "https://host",
        "a://b and c@d",
        "://://:// u:p@h",
        "mail me@host: http//x",
    ] {
        check(marked);
    }
}

#[test]
fn headers_lose_their_tokens() {
    for marked in [
        "Bearer {abc123}",
        "authorization: bearer {secretletters}",
        r#"{"authorization": "Basic {dXNlcjpwYXNz}"}"#
            .trim_start_matches('{')
            .trim_end_matches('}'),
        "Basic {dTpw} and more",
        "BEARER  {eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln}",
        "bearer authentication is missing",
        "Bearer token",
        "basic information, Basic Level2",
        "forbearer abc123",
    ] {
        check(marked);
    }
}

#[test]
fn keys_are_known_by_how_they_begin() {
    let long = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0";
    for prefix in [
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "glpat-",
        "github_pat_",
        "xoxb-",
        "xoxp-",
        "xapp-",
        "sk_live_",
        "rk_live_",
        "sk_test_",
        "sk-",
        "sk-ant-api03-",
        "sk-proj-",
        "hf_",
        "npm_",
        "AIza",
    ] {
        check(&format!("{{{prefix}{long}}}"));
        check(&format!("key '{{{prefix}{long}}}', refused"));
        check(&format!("no word: x{prefix}{long}"));
        check(&format!("{prefix}short"));
    }
    for marked in [
        "{AKIAIOSFODNN7EXAMPLE}",
        "ASIA is large, AKIA is short, ASIAN",
        "{eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl} expired",
        "eyJ.eyJ",
        "a task-force-of-many-words-and-letters",
        "sk-learn-is-a-library-for-learning",
    ] {
        check(marked);
    }
}

#[test]
fn private_keys_are_taken_out_whole() {
    check(
        "key: {-----BEGIN RSA PRIVATE KEY-----\nMIIE\nAAAA==\n-----END RSA PRIVATE KEY-----}\nbehind",
    );
    check("{-----BEGIN PRIVATE KEY-----\nMIIE, and no end}");
    check("-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----");
    check("-----BEGIN-----BEGIN ----- PRIVATE KEY");
}

#[test]
fn what_is_given_a_secrets_name_is_taken_out() {
    for marked in [
        "host=db user=app password={x} sslmode=on",
        "PGPASSWORD={hunter2}; Pwd={a}",
        "password='{with a space}'",
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={abcdefgh==};EndpointSuffix=x",
        "https://host/?api_key={abcdefgh}&page=1&access_token={ABCDEFGH}",
        "https://b.s3.amazonaws.com/k?X-Amz-Signature={0123456789abcdef}",
        "https://a.blob.core.windows.net/c?sv=1&sig={0123456789abcdef%3D}",
        "unix:///run/redis.sock?pass={s3cret}&db=1, unix:///run/redis.sock?db=1&PASS={x}",
        "AWS_SECRET_ACCESS_KEY={wJalrXUtnFEMI/K7MDENG}",
        "next_token=none, secret=true, max_tokens=4096000, key=value, monkey=12345678, design=0123456789abcdef",
        "password: 8 characters at least; the token: none",
        "passwords=12",
        "pass=12 fail=3, ?bypass=12&compass=north&pass",
    ] {
        check(marked);
    }
    let debug = Scrub::default().text(
        r#"Config { user: "app", password: "hunter\"2", api_key: Some("abcdefgh"), token: None }"#,
    ).into_owned();
    assert_eq!(
        debug,
        r#"Config { user: "app", password: "[redacted]", api_key: Some("[redacted]"), token: None }"#
    );
    let json = r#"{"client_secret": "abcdefgh","password":"x", "tokens":"abcdefgh"}"#;
    assert_eq!(
        Scrub::default().text(json),
        r#"{"client_secret": "[redacted]","password":"[redacted]", "tokens":"abcdefgh"}"#
    );
}

#[test]
fn secrets_are_found_at_any_place_and_beside_each_other() {
    let url = "redis://u:s3cret@h";
    for before in 0..40 {
        let text = format!("{}{url} {url}", "文".repeat(before));
        let expected = text.replace("u:s3cret", REDACTED);
        assert_eq!(Scrub::default().text(&text), expected, "{before}");
    }
}

#[test]
fn a_hook_that_panics_or_emits_takes_the_text_with_it() {
    let scrub = Scrub::none().and(|text| match text {
        "panic" => panic!("of the hook's own"),
        "emit" => {
            let inner = Scrub::none().and(|_| None);
            Some(format!("{} {}", inner.text("once"), inner.text("again")))
        }
        _ => None,
    });
    assert_eq!(scrub.text("panic"), "[redacted: the scrub hook panicked]");
    let within = "[redacted: emitted by a scrub hook]";
    assert_eq!(scrub.text("emit"), format!("{within} {within}"));
    assert_eq!(scrub.text("else"), "else");
}

#[test]
fn hooks_are_asked_in_turn_behind_the_patterns() {
    let scrub = Scrub::default()
        .and(|text| text.contains("h").then(|| format!("1 {text}")))
        .and(|text| text.starts_with('1').then(|| format!("2 {text}")));
    assert_eq!(scrub.text("redis://u:p@h"), "2 1 redis://[redacted]@h");
    assert_eq!(
        format!("{scrub:?}"),
        "Scrub { has_patterns: true, hooks: 2 }"
    );
}

#[test]
fn blanks_around_an_equals_sign_hide_nothing() {
    for marked in [
        "password = {s3cret}",
        "host = db password  =  '{with a space}' sslmode = on",
        "api_key    = \"{abcdefgh}\"\ntoken = none",
        "if password == other && secret == expected",
        "password =",
        "a sword = 7, the end = x",
    ] {
        check(marked);
    }
    let event = crate::Fields::new().field("text", &"client_secret = abcdefgh");
    let scrubbed = event.scrubbed(&Scrub::default()).to_string();
    assert_eq!(scrubbed, r#"{"text":"client_secret = [redacted]"}"#);
}

#[test]
fn what_python_rust_and_json_quote_is_taken_out() {
    let scrubs = |text: &str, expected: &str| {
        assert_eq!(Scrub::default().text(text), expected);
        let fields = crate::Fields::new().field("text", text);
        let expected = crate::Fields::new().field("text", expected);
        let scrubbed = fields.scrubbed(&Scrub::default());
        assert_eq!(scrubbed.to_string(), expected.to_string());
    };
    scrubs(
        r#"{'user': 'app', 'password': 'hunter2', 'token':"ab'cdefgh"}"#,
        r#"{'user': 'app', 'password': '[redacted]', 'token':"[redacted]"}"#,
    );
    scrubs(
        "'password':'hunter2' Password: 'x'",
        "'password':'[redacted]' Password: '[redacted]'",
    );
    scrubs(
        r#"{"user" : "app", "password" : "hunter2", 'token'  :  'abcdefgh'}"#,
        r#"{"user" : "app", "password" : "[redacted]", 'token'  :  '[redacted]'}"#,
    );
    scrubs(
        "'design': 'a', it's: 'b', password : 'c', 'a' : 'd'",
        "'design': 'a', it's: 'b', password : 'c', 'a' : 'd'",
    );
}

#[test]
fn signatures_are_known_by_their_name() {
    let debug = r#"Signed { signature: "0123456789abcdef", sig: "0123456789abcdef", page: "0123456789abcdef" }"#;
    let expected =
        r#"Signed { signature: "[redacted]", sig: "[redacted]", page: "0123456789abcdef" }"#;
    let fields = crate::Fields::new().field("text", debug);
    let scrubbed = fields.scrubbed(&Scrub::default());
    let expected = crate::Fields::new().field("text", expected);
    assert_eq!(scrubbed.to_string(), expected.to_string());
}

/// What would be quadratic is not: a text of this length takes milliseconds, not minutes.
#[test]
fn no_text_takes_long() {
    for part in [
        "://",
        "://a:b",
        "://a/@b",
        "a://u:p@h ",
        "Bearer ",
        "eyJ",
        "eyJ.",
        "AKIA",
        "-----BEGIN ",
        "token=",
        "token =",
        "   =   ",
        "   :   ",
        "\" :",
        "&pass=",
        "'password': '",
        "password: \"",
        "password=\"",
        "ghp_",
        "sk-",
        "\":\"",
        "---",
    ] {
        let text = part.repeat(crate::MAX_PAYLOAD / part.len());
        let begun = std::time::Instant::now();
        let _ = Scrub::default().text(&text);
        let took = begun.elapsed();
        assert!(
            took < std::time::Duration::from_secs(20),
            "{part}: {took:?}"
        );
    }
}
