//! What is said of a query that is wrong.

use super::super::Query;
use crate::ErrorKind;

pub(super) fn wrong(text: &str) -> crate::Error {
    let error = text.parse::<Query>().expect_err(text);
    assert_eq!(error.kind(), ErrorKind::InvalidQuery);
    error
}

#[test]
fn a_wrong_query_says_where_and_what_was_expected() {
    for (text, at, said) in [
        (
            "tsak:x",
            0,
            "there is no key `tsak`; did you mean `task`? A field of your own is `field.tsak`, and text with such a sign in it is quoted",
        ),
        (
            "a event_type=x",
            2,
            "there is no key `event_type`; did you mean `type`? A field of your own is `field.event_type`, and text with such a sign in it is quoted",
        ),
        (
            "\u{1b}[31m:x",
            0,
            "there is no key `\\u{1b}[31m`; there are `type`, `task`, `job`, `run`, `parent`, `worker`, `step`, `status`, `kind`, `error`, `progress`, `message`, `attempt`, `seq`, `percent`, `current`, `total`, `rate`, `duration`, `elapsed`, `eta`, `after`, `before`, `started`, `ended` and `field.…`. A field of your own is `field.NAME`, and text with such a sign in it is quoted",
        ),
        (
            "\"type\":x",
            0,
            "a key is not quoted, and a text as a whole",
        ),
        (
            "field:x",
            0,
            "the field's name is expected behind `field`, such as `field.user.id=7`",
        ),
        (
            "field.:x",
            6,
            "a field's name is expected here, such as in `field.user.id=7`",
        ),
        (
            "field.a..b:x",
            8,
            "a field's name is expected here, such as in `field.user.id=7`",
        ),
        (
            "field.a.:x",
            8,
            "a field's name is expected here, such as in `field.user.id=7`",
        ),
        (
            "field.\"é\".\"\":x",
            11,
            "a field's name is expected here, such as in `field.user.id=7`",
        ),
        (
            "type:",
            5,
            "a value is expected right behind `type:`, such as `type:task_failed`",
        ),
        (
            "type: task_failed",
            5,
            "a value is expected right behind `type:`, such as `type:task_failed`",
        ),
        (
            "task=",
            5,
            "a value is expected right behind `task=`, such as `task=outline`",
        ),
        (
            "(error=)",
            7,
            "a value is expected right behind `error=`, such as `error=\"timed out\"`",
        ),
        (
            "percent > 50",
            8,
            "a key is expected right before `>`, such as `percent>50`; text with such a sign in it is quoted",
        ),
        (
            ":x",
            0,
            "a key is expected right before `:`, such as `percent>50`; text with such a sign in it is quoted",
        ),
        (
            "percent:>50",
            8,
            "a value is expected behind `percent:`, and it is `>`; one operator is enough, and a text that begins with one is quoted",
        ),
        (
            "kind==panic",
            5,
            "a value is expected behind `kind=`, and it is `=`; one operator is enough, and a text that begins with one is quoted",
        ),
        (
            "type>a",
            4,
            "`:`, `=` or `!=` is expected behind `type`, and it is `>`",
        ),
        (
            "error<=a",
            5,
            "`:`, `=` or `!=` is expected behind `error`, and it is `<=`",
        ),
        (
            "after>2026-11-23",
            5,
            "`:` is expected behind `after`, and it is `>`",
        ),
        (
            "started:2026-11-23",
            7,
            "`>`, `>=`, `<` or `<=` is expected behind `started`, and it is `:`",
        ),
        (
            "percent>half",
            8,
            "a number is expected for `percent`, such as `50`, and it is `half`",
        ),
        (
            "percent:5*",
            8,
            "a number is expected for `percent`, such as `50`, and it is `5*`",
        ),
        (
            "duration>90",
            9,
            "a length of time is expected for `duration`, such as `90s`, `1m30s` or `250ms`, and it is `90`; units are ms, s, m, h and d",
        ),
        (
            "after:1h",
            6,
            "a time is expected for `after`, such as `2026-11-23`, `2026-11-23T20:23:45Z`, or `-1h` for an hour ago, and it is `1h`",
        ),
        (
            "before:yesterday",
            7,
            "a time is expected for `before`, such as `2026-11-23`, `2026-11-23T20:23:45Z`, or `-1h` for an hour ago, and it is `yesterday`",
        ),
        (
            "status:done",
            7,
            "a status is expected, one of `unknown`, `running`, `retrying`, `completed`, `failed`, and it is `done`",
        ),
        (
            "status=lost",
            7,
            "a status is expected, one of `unknown`, `running`, `retrying`, `completed`, `failed`, and it is `lost`; why it failed is `kind:lost`",
        ),
        (
            "a \"b",
            2,
            "this quote is not closed; a second `\"` is expected",
        ),
        (
            "\"a\\x\"",
            2,
            "behind `\\` in quotes, `\"`, `\\`, `n`, `r`, `t` or `u{…}` is expected, and it is `x`; a `\\` itself is `\\\\`",
        ),
        (
            "\"\\",
            1,
            "behind `\\` in quotes, `\"`, `\\`, `n`, `r`, `t` or `u{…}` is expected, and it is the end; a `\\` itself is `\\\\`",
        ),
        (
            "\"\\u{d800}\"",
            1,
            "the number of a character is expected behind `\\u`, such as `\\u{e9}`",
        ),
        (
            "\"\\u00e9\"",
            1,
            "the number of a character is expected behind `\\u`, such as `\\u{e9}`",
        ),
        ("a (b", 2, "this `(` is not closed; a `)` is expected"),
        ("a) b", 1, "there is no `(` to this `)`"),
        (
            "a ()",
            3,
            "a term such as `type:task_failed` is expected here, and it is `)`",
        ),
        (
            "a or",
            4,
            "a term such as `type:task_failed` is expected here, and it is the end",
        ),
        (
            "or a",
            0,
            "a term such as `type:task_failed` is expected here, and it is `or`; the word itself is quoted",
        ),
        (
            "a or or b",
            5,
            "a term such as `type:task_failed` is expected here, and it is `or`; the word itself is quoted",
        ),
        (
            "a and",
            5,
            "a term such as `type:task_failed` is expected here, and it is the end",
        ),
        (
            "not",
            3,
            "a term such as `type:task_failed` is expected here, and it is the end",
        ),
        (
            "a - b",
            2,
            "a term is expected right behind `-`, which negates it; a `-` itself is quoted",
        ),
        (
            "-",
            0,
            "a term is expected right behind `-`, which negates it; a `-` itself is quoted",
        ),
        (
            "a || b",
            2,
            "`or` is expected in place of `||`; the sign itself is quoted",
        ),
        (
            "a & b",
            2,
            "`and` is expected in place of `&`; the sign itself is quoted",
        ),
        (
            "! a",
            0,
            "`not` is expected in place of `!`; the sign itself is quoted",
        ),
    ] {
        let error = wrong(text);
        assert_eq!(error.position(), Some(at), "{text}: {error}");
        let column = text[..at].chars().count() + 1;
        assert_eq!(
            error.to_string(),
            format!("the query is wrong at character {column}: {said}")
        );
    }
}
