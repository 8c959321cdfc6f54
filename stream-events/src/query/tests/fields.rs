//! Fields of `data`, and times.

use std::time::{Duration, SystemTime};

use super::{check, event, query};

#[test]
fn fields_are_what_json_has_there() {
    let event = event(
        "outline_generated",
        r#"{"n":7,"big":9007199254740993,"huge":100000000000000000000001,"text":"7","flag":true,"none":null,
        "user":{"id":42,"name":"Ann","user name":"x","a.b":1},"tags":["red","Green",3,["deep",[true]]],
        "chapters":[{"title":"Intro","pages":3},{"title":"Body","pages":[10,20]}],"empty":[],"object":{},
        "due":"2026-11-24","half":"\ud800!","twice":1,"twice":2,"k\u0065y":"v"}"#,
    );
    check(
        &event,
        &[
            ("field.n:7", true),
            ("field.n=7.0", true),
            ("field.n:\"7\"", false),
            ("field.n>6 field.n<8", true),
            ("field.n:7*", true),
            ("field.n:*", true),
            ("field.text:7", true),
            ("field.text:\"7\"", true),
            ("field.text=\"7\"", true),
            ("field.text:7.0", false),
            ("field.text>6", false),
            ("field.text>\"6\"", true),
            ("field.n>\"6\"", false),
            ("field.big=9007199254740993", true),
            ("field.big=9007199254740992", false),
            ("field.big>9007199254740992", true),
            ("field.huge=100000000000000000000001", true),
            ("field.huge>100000000000000000000000", true),
            ("field.flag:true", true),
            ("field.flag:false", false),
            ("field.flag:\"true\"", false),
            ("field.flag>true", false),
            ("field.none:null", true),
            ("field.none:*", false),
            ("-field.none:*", true),
            ("field.missing:null", false),
            ("field.missing!=7", true),
            ("field.user.id=42", true),
            ("field.user.name:ann", true),
            ("field.user.name=ann", false),
            ("field.user:*", true),
            ("field.user:Ann", false),
            ("field.user.\"user name\":x", true),
            ("field.user.\"a.b\"=1", true),
            ("field.user.a.b=1", false),
            ("field.user.id.x:*", false),
            ("field.tags:red", true),
            ("field.tags:green", true),
            ("field.tags=green", false),
            ("field.tags:3", true),
            ("field.tags:deep", true),
            ("field.tags:true", true),
            ("field.tags.0:red", true),
            ("field.tags.1:red", false),
            ("field.tags.3.0:deep", true),
            ("field.tags.\"0\":red", false),
            ("field.tags.99999999999999999999:red", false),
            ("field.chapters.title:intro", true),
            ("field.chapters.1.title:intro", false),
            ("field.chapters.1.title:b*", true),
            ("field.chapters.pages>19", true),
            ("field.chapters.pages:3", true),
            ("field.chapters.title!=Body", false),
            ("field.empty:*", true),
            ("field.empty:x", false),
            ("field.object:*", true),
            ("field.due>2026-11-23", true),
            ("field.due<2026-11-24", false),
            ("field.due<=2026-11-24", true),
            ("field.half:*!", true),
            ("field.twice:2", true),
            ("field.twice:1", false),
            ("field.key:v", true),
            ("field.text:a*", false),
        ],
    );
}

#[test]
fn arrays_are_looked_into_to_a_depth() {
    let nested = |depth: usize| format!(r#"{{"a":{}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
    check(&event("t", &nested(8)), &[("field.a:1", true)]);
    check(
        &event("t", &nested(9)),
        &[("field.a:1", false), ("field.a:*", true)],
    );
    check(
        &event("t", &nested(100_000)),
        &[("field.a:1", false), ("field.a.b.c:1", false)],
    );
    let objects = r#"{"a":"#.repeat(15) + "1" + &"}".repeat(15);
    let path = format!("field.{}:1", vec!["a"; 15].join("."));
    check(&event("t", &objects), &[(&path, true)]);
}

/// What is within an array is looked through once more for each around it: the objects between them add none.
#[test]
fn arrays_on_the_way_count_as_those_right_within_each_other() {
    let nested = |arrays: usize, names: usize| {
        let mut json = "7".to_owned();
        for name in 0..names {
            let of_name = arrays / names + usize::from(name < arrays % names);
            json = format!("{}{json}{}", "[".repeat(of_name), "]".repeat(of_name));
            json = format!(r#"{{"a":{json}}}"#);
        }
        event("row", &json)
    };
    check(&nested(8, 3), &[("field.a.a.a=7", true)]);
    check(&nested(9, 3), &[("field.a.a.a=7", false)]);
}

#[test]
fn times_are_before_or_after() {
    let at = event("t", "{}").timestamp();
    check(
        &event("t", "{}"),
        &[
            ("after:2026-11-23", true),
            ("after:2026-11-24", false),
            ("before:2026-11-24", true),
            ("before:2026-11-23", false),
            ("after:2026-11-23T20:23:45.123456+00:00", true),
            ("before:2026-11-23T20:23:45.123456+00:00", false),
            ("before:2026-11-23T20:23:45.123457Z", true),
            ("after:2026-11-23T21:23:45+01:00", true),
            ("after:2026-11-23T20:23:46", false),
            ("after:\"2026-11-23 20:23\"", true),
            ("started>2026-11-23", false),
            ("-ended<2099-01-01", true),
        ],
    );
    let ago = |text: &str, past: Duration| query(text).at(at + past).matches(&event("t", "{}"));
    let hour = Duration::from_secs(3600);
    assert!(ago("after:-1h", hour) && !ago("after:-1h", hour + Duration::from_millis(1)));
    assert!(!ago("before:-1h", hour) && ago("before:-1h", hour + Duration::from_millis(1)));
    assert!(ago("after:-7d", hour) && ago("after:-1h30m", hour) && !ago("after:-30m", hour));
    assert!(
        query("after:-1m")
            .at(SystemTime::UNIX_EPOCH)
            .matches(&event("t", "{}"))
    );
}
