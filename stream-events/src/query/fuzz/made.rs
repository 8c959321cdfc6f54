//! Queries and events that are made up, the same each time.

use crate::event::Entry;
use crate::{Event, EventId};

/// A sequence of numbers that looks random, and is the same each time.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(super) fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most as u64) as usize
    }

    pub(super) fn of<'a>(&mut self, pieces: &[&'a str]) -> &'a str {
        pieces[self.below(pieces.len())]
    }

    /// Pieces that blanks part, and blanks.
    pub(super) fn text(&mut self, pieces: &str, most: usize) -> String {
        let count = self.below(most + 1);
        let pieces: Vec<_> = pieces.split(' ').chain([" "]).collect();
        (0..count).map(|_| self.of(&pieces)).collect()
    }
}

const KEYS: &str = "type task job run worker step kind error progress message field.a field.a.\"汉\" field.list.0 field.\"0\"";
const TEXTS: &str = "a 7 B * \" \\ ( ) - : = ! or \n \u{0} \u{202e} 汉 ß Σ true .";

const JSON: &str = r#"{ } [ ] "a": "list": "error": "percent": "汉": "status": , : " "x" "\ud800" 7 -1.5e3 1e999999999999 9007199254740993
    true null NaN \ {"a":1} [1,[2,{"a":"B"}]] "duration_ms":90000 "progress":"汉A""#;

/// One of the ways to write a value.
pub(super) fn value(dice: &mut Dice) -> String {
    let text = dice.text(TEXTS, 3);
    let plain = |c: char| c.is_alphanumeric();
    match dice.below(3) {
        0 if !text.is_empty() && text != "or" && text.chars().all(plain) => text,
        1 => format!("\"{}\"*", text.replace('\\', "\\\\").replace('"', "\\\"")),
        _ => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

pub(super) fn term(dice: &mut Dice) -> String {
    match dice.below(8) {
        0 => format!(
            "{}{}{}",
            dice.of(&["percent", "seq", "rate"]),
            dice.of(&[":", "=", "!=", ">", "<="]),
            dice.of(&["0", "-1.50", "2e3"])
        ),
        1 => format!(
            "{}{}{}",
            dice.of(&["duration", "eta"]),
            dice.of(&[":", "!=", ">="]),
            dice.of(&["90s", "1d1ms", "0s"])
        ),
        2 => format!(
            "{}:{}",
            dice.of(&["after", "before"]),
            dice.of(&["-1h", "2026-11-23", "2026-11-23T01:02:03.000004+05:30"])
        ),
        3 => format!(
            "field.a{}{}",
            dice.of(&["<", ">=", ":", "="]),
            dice.of(&["7", "\"7\"", "x", "true", "null", "\"null\"", "*"])
        ),
        4 => format!(
            "status{}{}",
            dice.of(&[":", "!="]),
            dice.of(&["failed", "running"])
        ),
        5 => value(dice),
        _ => format!(
            "{}{}{}",
            dice.of(&KEYS.split(' ').collect::<Vec<_>>()),
            dice.of(&[":", "=", "!="]),
            value(dice)
        ),
    }
}

/// A term about a field at some depth.
pub(super) fn field(dice: &mut Dice) -> String {
    let names = ["a", "a", "a", "a", "b", "0", "1", "\"0\"", "\"a b\"", "02"];
    let count = 1 + dice.below(4).min(dice.below(4));
    let path: String = (0..count)
        .map(|_| format!(".{}", dice.of(&names)))
        .collect();
    let said = [":*", ":1", "=\"1\"", ">0", ":x*", "=null", "<\"y\"", ":*1*"];
    format!("field{path}{}", dice.of(&said))
}

/// An event whose `data` has objects and arrays within each other, with names that are repeated.
pub(super) fn nested_event(dice: &mut Dice) -> Event {
    let members: Vec<_> = (0..=dice.below(5)).map(|_| member(dice, 4)).collect();
    let data = format!("{{ {} }}", members.join(", "));
    let fields = [("data", data.as_bytes()), ("event_type", b"t")];
    Entry::new(EventId::new(1, 0), fields.to_vec()).into()
}

fn member(dice: &mut Dice, depth: usize) -> String {
    let names = [
        "a", "a", "a", "a", "b", "0", "1", "a b", "02", "\\u0061", "\\ud800",
    ];
    format!("\"{}\" :{}", dice.of(&names), json(dice, depth))
}

fn json(dice: &mut Dice, depth: usize) -> String {
    let count = 1 + dice.below(3);
    match dice.below(if depth == 0 { 2 } else { 8 }) {
        0 | 1 => {
            let values = [
                "1",
                "\"1\"",
                " null",
                "\"x\\\"]}\"",
                "true ",
                "-0.5e1",
                "\"\\ud800\"",
                "{}",
                "[ ]",
            ];
            dice.of(&values).to_owned()
        }
        2 | 3 => {
            let elements: Vec<_> = (0..count).map(|_| json(dice, depth - 1)).collect();
            format!("[{}]", elements.join(" , "))
        }
        4 if dice.below(4) == 0 => format!("{}1{}", "[".repeat(depth + 4), "]".repeat(depth + 4)),
        _ => {
            let members: Vec<_> = (0..count).map(|_| member(dice, depth - 1)).collect();
            format!("{{{}}} ", members.join(","))
        }
    }
}

/// A query that is right.
pub(super) fn query(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 {
        return term(dice);
    }
    let count = 1 + dice.below(3);
    let parts: Vec<_> = (0..count)
        .map(|_| match dice.below(4) {
            0 => format!("-{}", term(dice)),
            1 => format!("not ({})", query(dice, depth - 1)),
            2 => format!("({})", query(dice, depth - 1)),
            _ => term(dice),
        })
        .collect();
    parts.join(dice.of(&[" ", " and ", " or ", "  OR\n"]))
}

pub(super) fn event(dice: &mut Dice) -> Event {
    let data = match dice.below(2) {
        0 => dice.text(JSON, 12),
        _ => format!(
            "{{\"a\":{},{}}}",
            dice.of(&["7", "\"7\"", "[\"a\",7]", "null", "{\"b c\":[1]}"]),
            dice.of(&["\"error\":\"a B\"", "\"seq\":0", "\"percent\":-1.5"])
        ),
    };
    let event_type = dice.of(&["task_failed", "task_progress", "", "unknown", "汉"]);
    let timestamp = dice.of(&["2026-11-23T20:23:45.123456+00:00", "", "never", "0"]);
    let fields = [
        ("data", data.as_bytes()),
        ("timestamp", timestamp.as_bytes()),
        ("event_type", event_type.as_bytes()),
        ("x", &b"\xff"[..]),
    ];
    let from = dice.below(2);
    Entry::new(EventId::new(dice.0, 0), fields[from..].to_vec()).into()
}
