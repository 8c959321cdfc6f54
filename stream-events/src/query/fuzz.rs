//! Queries and events of any text.

mod made;
mod plain;

use std::cell::{Cell, OnceCell};

use proptest::prelude::*;

use super::Query;
use super::event::OfEvent;
use super::matching::Seen;
use super::tree::Tree;
use super::work::Work;
use crate::event::Entry;
use crate::{Event, EventId};
use made::{Dice, event, field, nested_event, query};

/// What queries are made of, right and wrong.
const PIECES: &str = "( ) - \" \\ * . : = != > >= < <= ! or and not OR & || type task job status error percent seq \
    duration eta after before started kind progress field. field field.a a b 0 7 -7 1e400 \
    9007199254740993 90s 1h30m -1h 2026-11-23 T20:23:45.5Z +05:30 true null failed \\u{e9} \u{1} \
    \u{202e} 汉 İ \u{3000} \n";

/// It is read back as it is written, and does the same.
fn is_read_back(query: &Query, events: &[Event]) {
    let written = query.to_string();
    assert!(
        !written.contains(['\n', '\r', '\u{0}', '\u{202e}']),
        "{written:?}"
    );
    let again: Query = written
        .parse()
        .unwrap_or_else(|error| panic!("{written}: {error}"));
    assert_eq!(&again, query, "{written}");
    assert_eq!(again.to_string(), written);
    let again = again.at(query.now);
    for event in events {
        let expected = plain::matches(query, event);
        assert_eq!(query.matches(event), expected, "{written} on {event}");
        assert_eq!(again.matches(event), expected, "{written} on {event}");
    }
}

/// Many terms at once, whose places in `data` have names in common.
#[test]
fn terms_together_find_what_each_finds_by_itself() {
    let (held, not) = (Cell::new(0), Cell::new(0));
    for seed in 1..6000 {
        let mut dice = Dice::new(seed);
        let terms: Vec<_> = (0..=dice.below(12)).map(|_| field(&mut dice)).collect();
        let event = nested_event(&mut dice);
        for joint in [" ", " or ", " -", " or not "] {
            let query: Query = terms.join(joint).parse().unwrap();
            let expected = plain::matches(&query, &event);
            assert_eq!(query.matches(&event), expected, "{query} on {event}");
        }
        let query: Query = terms.join(" or ").parse().unwrap();
        let (data, work) = (OnceCell::new(), Work::default());
        let seen = OfEvent::new(&event, &query.wanted, &work, &data);
        let seen = Seen::new(seen, &query.wanted, query.now, &work);
        query.tree.holds(&|term| {
            let is_so = plain::is(&event, term, query.now);
            assert_eq!(seen.is(term), is_so, "{term} of {query} on {event}");
            let count = if is_so { &held } else { &not };
            count.set(count.get() + 1);
            false
        });
    }
    assert!(held.get() > 2000 && not.get() > 2000, "{held:?} {not:?}");
}

#[test]
fn a_query_that_is_right_is_read_back_and_its_negation_is_the_others() {
    for seed in 1..3000 {
        let mut dice = Dice::new(seed);
        let text = query(&mut dice, 2);
        let events: Vec<_> = (0..4).map(|_| event(&mut dice)).collect();
        let read: Query = text.parse().unwrap_or_else(|error| panic!("{error:#}"));
        is_read_back(&read, &events);
        let negated = Query::new(Tree::clone(&read.tree).negated()).at(read.now);
        assert_eq!(format!("-({text})").parse::<Query>().unwrap(), negated);
        for event in &events {
            assert_ne!(
                read.matches(event),
                negated.matches(event),
                "{text} on {event}"
            );
        }
    }
}

#[test]
fn a_query_of_any_pieces_is_read_or_refused_where_it_is_wrong() {
    let (mut right, mut wrong) = (0, 0);
    for seed in 1..30_000 {
        let mut dice = Dice::new(seed);
        let text = dice.text(PIECES, 9);
        match text.parse::<Query>() {
            Ok(query) => {
                right += 1;
                is_read_back(&query, &[event(&mut dice)]);
            }
            Err(error) => {
                wrong += 1;
                let at = error.position().unwrap();
                assert!(text.is_char_boundary(at), "{text}: {error}");
                assert!(!error.to_string().contains(char::is_control), "{error}");
                assert!(format!("{error:#}").lines().count() <= 3, "{error:#}");
            }
        }
    }
    assert!(right > 3000 && wrong > 3000, "{right} {wrong}");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), data in any::<String>()) {
        let event: Event = Entry::new(EventId::ZERO, [("data", data)]).into();
        if let Ok(query) = text.parse::<Query>() {
            is_read_back(&query, &[event]);
        }
    }

    #[test]
    fn any_text_is_found_in_itself(text in any::<String>(), around in any::<String>()) {
        let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
        let data = serde_json::json!({"a": text, "error": format!("{around}{text}{around}"), "list": [1, {"x": &text}]});
        let event: Event = Entry::new(EventId::ZERO, [("data", data.to_string())]).into();
        for query in ["field.a=", "field.a:", "error:", "field.list.x=", "field.a<=", ""] {
            let query: Query = format!("{query}\"{quoted}\"").parse().unwrap();
            assert!(query.matches(&event), "{query} on {event}");
            is_read_back(&query, std::slice::from_ref(&event));
        }
        let other: Query = format!("field.a!=\"{quoted}\" or field.a<\"{quoted}\"").parse().unwrap();
        assert!(!other.matches(&event));
    }
}
