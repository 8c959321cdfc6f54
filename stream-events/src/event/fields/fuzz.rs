//! Fields of any names and values, against the map that they should be.

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::super::payload::quoted;
use super::super::reserved;
use super::Fields;
use crate::scrub::Scrub;

/// A sequence of numbers that looks random, and is the same each time.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most as u64) as usize
    }

    fn of<'a>(&mut self, pieces: &[&'a str]) -> &'a str {
        pieces[self.below(pieces.len())]
    }

    fn text(&mut self, pieces: &[&str], most: usize) -> String {
        let count = self.below(most + 1);
        (0..count).map(|_| self.of(pieces)).collect()
    }

    fn value(&mut self, pieces: &[&str], depth: usize) -> Value {
        match self.below(if depth == 0 { 5 } else { 7 }) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(self.0 as i64),
            3 => json!(self.below(1 << 20) as f64 / 8.0),
            4 => json!(self.text(pieces, 6)),
            5 => (0..self.below(4))
                .map(|_| self.value(pieces, depth - 1))
                .collect(),
            _ => {
                let members = 0..self.below(4);
                let member = |_| (self.text(pieces, 3), self.value(pieces, depth - 1));
                Value::Object(members.map(member).collect())
            }
        }
    }
}

const NAMES: [&str; 12] = [
    "a", "a", "seq", "_", "\"", "\\", "\n", "\u{1}", "汉", "🎉", "9", "step",
];
const TEXTS: [&str; 12] = [
    "a", "\"", "\\", "\\u0041", "\n", "\u{0}", "\u{1f}", "\u{7f}", "é", "汉", "🎉", "\u{2028}",
];

/// Its members in their order, those of one name by themselves.
fn members(text: &str) -> Vec<(String, Value)> {
    super::super::object::members(text)
        .into_iter()
        .map(|(name, value)| (name, serde_json::from_str(value.get()).unwrap()))
        .collect()
}

fn add(fields: Fields, dice: &mut Dice) -> (Fields, String, Value) {
    let name = dice.text(&NAMES, 2);
    let (fields, value) = match dice.below(4) {
        0 => {
            let text = dice.text(&TEXTS, 6);
            (fields.display(&name, &text), json!(text))
        }
        1 => {
            let text = dice.text(&TEXTS, 6);
            (fields.debug(&name, &text), json!(format!("{text:?}")))
        }
        2 => {
            let value = dice.value(&TEXTS, 2);
            let other = Fields::new().field(&name, &value);
            (fields.and(&other), value)
        }
        _ => {
            let value = dice.value(&TEXTS, 2);
            (fields.field(&name, &value), value)
        }
    };
    (fields, name, value)
}

/// All values are there, in their order, by names of which none is reserved or there twice, and each is
/// the one that was given with something behind it where that was not free.
fn are_as_given(fields: &Fields, given: &[(String, Value)]) {
    let read = members(&fields.to_string());
    let values = |of: &[(String, Value)]| of.iter().map(|(_, v)| v.clone()).collect::<Vec<_>>();
    assert_eq!(values(&read), values(given), "{fields}");
    let by_name: Map<String, Value> = read.iter().cloned().collect();
    assert_eq!(by_name.len(), given.len(), "{fields}");
    for ((name, _), (read, _)) in given.iter().zip(&read) {
        assert!(read.starts_with(name.as_str()), "{read:?} for {name:?}");
        assert!(!reserved::is_reserved(read), "{read:?}");
        let behind = read[name.len()..].trim_end_matches(|c: char| c == '_' || c.is_ascii_digit());
        assert_eq!(behind, "");
    }
    for member in &fields.members {
        let name: String = serde_json::from_slice(&fields.text[member.key.clone()]).unwrap();
        assert_eq!(&fields.text[member.key.clone()], quoted(&name).as_bytes());
        assert_eq!(member.size, member.value.len());
        let value = &fields.text[member.value.clone()];
        serde_json::from_slice::<Value>(value).unwrap();
    }
}

#[test]
fn fields_of_any_names_and_values_are_the_map_of_them() {
    for seed in 1..400 {
        let mut dice = Dice::new(seed);
        let (mut fields, mut given) = (Fields::new(), Vec::new());
        for _ in 0..dice.below(80) {
            let (more, name, value) = add(fields, &mut dice);
            fields = more;
            given.push((name, value));
        }
        are_as_given(&fields, &given);
        // What they leave behind is used by the next.
        fields.spare();
    }
}

#[test]
fn fields_of_any_size_are_json_of_the_room_that_they_have() {
    for seed in 1..400 {
        let mut dice = Dice::new(seed);
        let mut fields = Fields::new();
        for _ in 0..dice.below(12) {
            let (name, text) = (dice.text(&NAMES, 2), dice.text(&TEXTS, 99));
            fields = match dice.below(2) {
                0 => fields.display(&name, &text),
                _ => fields.field(&name, &[text]),
            };
        }
        let room = 80 + dice.below(1000);
        let text = fields.into_text(room);
        assert!(text.len() <= room);
        let pairs = std::str::from_utf8(text.get(1..).unwrap_or_default()).unwrap();
        serde_json::from_str::<Value>(&format!("{{{pairs}}}")).unwrap();
    }
}

const SECRETS: [&str; 40] = [
    "a",
    " ",
    "\"",
    "\\",
    "\n",
    "/",
    "://",
    "redis://u:",
    "s3cret",
    "@h",
    "password",
    "pwd",
    "secret",
    "token",
    "api_key",
    "key",
    "signature",
    "sig",
    "=",
    ": ",
    ":",
    "'",
    "hunter-two",
    "Bearer ",
    "Basic ",
    "Zm9vYmFyOmJhejEy",
    "AKIAABCDEFGHIJKLMNOP",
    "ghp_",
    "abcdefghijklmnopqrstuvwxyz0123456789ABCD",
    "sk-",
    "xoxb-",
    "eyJhbGciOi.eyJzdWIiOi.abcdefgh",
    "-----BEGIN PRIVATE KEY-----",
    "Authorization",
    "hf_",
    "\u{1}",
    "汉",
    "_",
    "-",
    "authorization",
];

/// JSON with blanks, and with escapes that need not be.
fn as_its_writer_likes(value: &Value) -> Box<RawValue> {
    let json = value.to_string().replace(':', " : ").replace('/', "\\/");
    RawValue::from_string(json.replace('w', "\\u0077")).unwrap()
}

/// Those of any names and values that may be or hold secrets.
fn with_secrets(dice: &mut Dice) -> Fields {
    let mut fields = Fields::new();
    for _ in 0..=dice.below(3) {
        let name = dice.text(&SECRETS, 2);
        fields = match dice.below(7) {
            0 => fields.own("current", &dice.below(1000)),
            1 => fields.own("progress", &dice.text(&SECRETS, 5)),
            2 => fields.own("result", &dice.value(&SECRETS, 2)),
            3 => fields.display(&name, &dice.text(&SECRETS, 5)),
            4 => fields.debug(&name, &dice.text(&SECRETS, 5)),
            5 => fields.field(&name, &as_its_writer_likes(&dice.value(&SECRETS, 2))),
            _ => fields.field(&name, &dice.value(&SECRETS, 2)),
        };
    }
    fields
}

#[test]
fn what_is_not_looked_at_for_secrets_has_none() {
    // With a hook all of it is looked at.
    let (scrub, whole) = (Scrub::default(), Scrub::default().and(|_| None));
    let mut changed = 0;
    for seed in 1..4000 {
        let mut dice = Dice::new(seed);
        let fields = with_secrets(&mut dice);
        let looked_at_whole = fields.clone().scrubbed(&whole);
        let before = fields.to_string();
        let scrubbed = fields.scrubbed(&scrub).to_string();
        assert_eq!(scrubbed, looked_at_whole.to_string(), "{before}");
        serde_json::from_str::<Value>(&scrubbed).unwrap();
        changed += usize::from(scrubbed != before);
    }
    assert!(changed > 300, "{changed}");
}
