//! What it takes to see whether a hostile event is asked for, counted in bytes.

use super::{event, query};
use crate::query::work::Work;
use crate::{Event, event::MAX_PAYLOAD};

/// How often the event is gone through for this query.
fn times(text: &str, event: &Event) -> usize {
    let work = Work::default();
    let _ = query(text).weigh(event, &work);
    work.bytes().div_ceil(event.data().len())
}

/// 64 of these terms, of which none holds.
fn many(term: impl Fn(usize) -> String) -> String {
    let terms: Vec<_> = (0..64).map(term).collect();
    terms.join(" or ")
}

/// All of its bytes, between these.
fn filled(begin: &str, with: &str, end: &str) -> Event {
    let count = (MAX_PAYLOAD - begin.len() - end.len()) / with.len();
    event("row", &format!("{begin}{}{end}", with.repeat(count)))
}

#[test]
fn deep_fields_are_looked_up_in_one_walk_however_many_are_asked_for() {
    let deep = |nest: &str, end: &str| {
        let (begin, end) = (nest.repeat(15), end.repeat(15));
        filled(&format!(r#"{{"a":{begin}""#), "x", &format!("\"{end}}}"))
    };
    let objects = deep(r#"{"a":"#, "}");
    let arrays = filled(r#"{"a":[[[[[[[[{"a":{"a":[""#, "x", "\"]}}]]]]]]]]}");
    let names = |n: usize, count: usize| format!("{}.b{n}", ".a".repeat(count));
    for event in [&objects, &arrays] {
        // Of 4 KiB there is room for 64 of nine names.
        let query = many(|n| format!("field{}:x", names(n, 10)));
        assert!(times(&query, event) <= 4, "{}", times(&query, event));
        let query = many(|n| format!("field{}:x{n}", names(0, 3)));
        assert!(times(&query, event) <= 4, "{}", times(&query, event));
    }
    assert!(times("field.a:x", &objects) <= 4);
}

#[test]
fn values_are_read_once_however_many_terms_are_about_them() {
    let text = filled(r#"{"a":"\n"#, r"\u0041", "\"}");
    assert!(times(&many(|n| format!("field.a:{n}x*")), &text) <= 6);
    assert!(times(&many(|n| format!("field.a={n}x")), &text) <= 6);
    let error = filled(r#"{"error":"\n"#, r"\u0041", "\"}");
    assert!(times(&many(|n| format!("error={n}x")), &error) <= 6);
    let number = filled(r#"{"percent":1"#, "0", "}");
    assert!(times(&many(|n| format!("percent<{n}")), &number) <= 6);
    assert!(times(&many(|n| format!("field.percent<{n}")), &number) <= 6);
}

/// No more than that each term searches it once.
#[test]
fn a_text_is_folded_once_however_often_it_is_searched() {
    let error = filled(r#"{"error":""#, "A", "\"}");
    for query in [
        many(|n| format!("error:{n}x")),
        many(|n| format!("{n}x")),
        many(|n| format!("field.error:*{n}x*")),
    ] {
        let times = times(&query, &error);
        assert!((64..64 + 6).contains(&times), "{times}: {query}");
    }
    let foreign = filled("A", "A", "");
    let times = times(&many(|n| format!("{n}x")), &foreign);
    assert!((64..64 + 6).contains(&times), "{times}");
}

/// A value counts as one byte more for each term that is about it.
#[test]
fn many_values_are_compared_once_with_each_term() {
    let array = filled(r#"{"a":[0"#, ",1", "]}");
    let times = times(&many(|n| format!("field.a:{}", n + 2)), &array);
    assert!(times <= 64 / 2 + 6, "{times}");
}
