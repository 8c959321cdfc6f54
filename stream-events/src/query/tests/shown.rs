//! How a query is written that was read.

use super::super::Query;
use super::query;

#[test]
fn a_query_is_shown_in_its_one_form() {
    for (text, shown) in [
        ("  a   b\n", "a b"),
        ("a and b AND c", "a b c"),
        ("((a)(b c))", "a b c"),
        ("a or (b OR c)", "a or b or c"),
        ("(a or b) c", "(a or b) c"),
        ("a b or c", "a b or c"),
        ("not a", "-a"),
        ("not not a", "a"),
        ("not (a b)", "-(a b)"),
        ("not type=x", "type!=x"),
        ("-type!=x", "type=x"),
        ("-type:x", "-type:x"),
        ("field.a!=\"7\" -field.a=8", "field.a!=\"7\" field.a!=8"),
        ("\"abc\"", "abc"),
        ("\"or\" \"-a\" \"a:b\" \"\"", "\"or\" \"-a\" \"a:b\" \"\""),
        ("\"a\u{1}\r\n\\\\\"", "\"a\\u{1}\\r\\n\\\\\""),
        ("error:a:b=c", "error:a:b=c"),
        ("type:\"a*\"**\"b c\"", "type:\"a*\"*\"b c\""),
        ("type=a*", "type=\"a*\""),
        ("field.\"a\".\"b c\".\"0\".0:7", "field.a.\"b c\".\"0\".0:7"),
        (
            "field.a:\"7\" field.b:\"null\" field.c:null",
            "field.a:\"7\" field.b:\"null\" field.c:null",
        ),
        ("duration>90s eta:0ms", "duration>1m30s eta:0s"),
        (
            "after:-90m before:2026-11-23",
            "after:-1h30m before:2026-11-23T00:00:00Z",
        ),
        ("percent>=5e1", "percent>=5e1"),
        ("status:Failed", "status:failed"),
        ("", ""),
    ] {
        assert_eq!(query(text).to_string(), shown);
        assert_eq!(query(shown), query(text));
    }
    assert_ne!(query("a b"), query("b a"));
    assert_eq!(format!("{:?}", query("not a")), "Query(-a)");
    assert_eq!(Query::default(), query(" "));
}
