//! Where a query is wrong, shown, and the bounds that it has.

use super::super::{MAX_QUERY, Query};
use super::wrong::wrong;

#[test]
fn a_caret_stands_below_the_mistake() {
    let shown = |text: &str| {
        format!("{:#}", wrong(text))
            .lines()
            .skip(1)
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(
        shown("type:x percent>half"),
        "  type:x percent>half\n                 ^"
    );
    assert_eq!(shown("type:x ("), "  type:x (\n          ^");
    // What is wide, and what would be none or another line.
    assert_eq!(shown("标题 a:b"), "  标题 a:b\n  \u{3000}\u{3000} ^");
    assert_eq!(
        shown("\"\n\u{202e}\" :"),
        "  \"\\u{a}\\u{202e}\" :\n                  ^"
    );
    let long = "abc ".repeat(30);
    let (before, behind) = ("abc ".repeat(14), "abc ".repeat(14));
    assert_eq!(
        shown(&format!("{long}seq:x {long}")),
        format!("  …{before}seq:x {behind}ab…\n   {}^", " ".repeat(60))
    );
}

/// Those that are seen nowhere, and those that have others read the other way round.
#[test]
fn what_is_not_seen_is_written_as_its_number() {
    for unseen in [
        '\u{ad}',
        '\u{61c}',
        '\u{180e}',
        '\u{200b}',
        '\u{202e}',
        '\u{2060}',
        '\u{2069}',
        '\u{feff}',
        '\u{fff9}',
        '\u{e0041}',
    ] {
        let error = wrong(&format!("a{unseen}b:x"));
        for shown in [error.to_string(), format!("{error:#}")] {
            assert!(!shown.contains(unseen), "{shown:?}");
            assert!(
                shown.contains(&unseen.escape_unicode().to_string()),
                "{shown}"
            );
        }
        let query: Query = format!("\"a{unseen}\"").parse().unwrap();
        assert_eq!(
            query.to_string(),
            format!("\"a{}\"", unseen.escape_unicode())
        );
        assert_eq!(query.to_string().parse::<Query>().unwrap(), query);
    }
}

#[test]
fn bounds_are_kept() {
    let fits = "x".repeat(MAX_QUERY);
    assert!(fits.parse::<Query>().is_ok());
    let error = wrong(&format!("{fits}é"));
    assert_eq!(
        error.to_string(),
        "the query is wrong at character 4097: it has 4098 bytes; a query has 4096 at most"
    );
    assert_eq!(error.position(), Some(4096));

    assert!("x ".repeat(64).parse::<Query>().is_ok());
    let error = wrong(&"x ".repeat(65));
    assert_eq!(
        error.to_string(),
        "the query is wrong at character 129: a query has 64 terms at most"
    );

    let nested = |depth: usize| "(-".repeat(depth / 2) + "x" + &")".repeat(depth / 2);
    assert!(nested(32).parse::<Query>().is_ok());
    let error = wrong(&nested(34));
    assert_eq!(
        error.to_string(),
        "the query is wrong at character 33: parentheses and negations are 32 deep at most"
    );
    assert_eq!(wrong(&"-".repeat(4000)).position(), Some(32));
    assert_eq!(wrong(&"(".repeat(4000)).position(), Some(32));
    assert_eq!(wrong(&"not ".repeat(1000)).position(), Some(128));

    let path = |names: usize| format!("field.{}:x", vec!["a"; names].join("."));
    assert!(path(16).parse::<Query>().is_ok());
    let error = wrong(&path(17));
    assert_eq!(
        error.to_string(),
        "the query is wrong at character 39: a field's place has 16 names at most"
    );
}

#[test]
fn no_secret_of_a_query_is_shown() {
    for text in [
        "error:\"redis://app:hunter-two@db\" percent>x",
        "percent>redis://app:hunter-two@db",
        "redis://app:hunter-two@db",
        "password=hunter-two",
    ] {
        for shown in [
            wrong(text).to_string(),
            format!("{:#}", wrong(text)),
            format!("{:?}", wrong(text)),
        ] {
            assert!(!shown.contains("hunter"), "{shown}");
        }
    }
}

#[test]
fn what_is_at_fault_is_cut() {
    let error = wrong(&format!("percent>{}", "x".repeat(1000)));
    assert!(
        error
            .to_string()
            .ends_with(&format!("`{}…`", "x".repeat(64))),
        "{error}"
    );
    assert!(!error.to_string().contains('\n'));
}
