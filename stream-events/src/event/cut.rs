//! Fields that are too long for one event, cut to fit it.

use std::ops::Range;

use super::fields::Member;

/// The fields of `text` in at most `room` bytes: short values whole, long ones by their heads as
/// strings, and a note of how many bytes there were.
pub(super) fn to_fit(text: &[u8], members: &[Member], size: usize, room: usize) -> Vec<u8> {
    let note = note(size);
    let room = room.saturating_sub(note.len());
    let cap = fair_share(members, room);
    let mut fitted = Vec::with_capacity(room + note.len());
    for member in members {
        let cap = cap.min(member.most);
        let value = value_within(&text[member.value.clone()], member.size, cap);
        if fitted.len() + around(&member.key) + value.len() > room {
            break;
        }
        fitted.push(b',');
        fitted.extend_from_slice(&text[member.key.clone()]);
        fitted.push(b':');
        fitted.extend_from_slice(&value);
    }
    fitted.extend_from_slice(&note);
    fitted
}

/// What says that there were so many bytes, and are not.
pub(crate) fn note(size: usize) -> Vec<u8> {
    format!(r#","truncated":true,"original_size":{size}"#).into_bytes()
}

/// The most that each value may have so that all fit: what short ones leave goes to the long ones.
fn fair_share(members: &[Member], room: usize) -> usize {
    let keys: usize = members.iter().map(|member| around(&member.key)).sum();
    let mut sizes: Vec<usize> = members
        .iter()
        .map(|member| member.size.min(member.most))
        .collect();
    sizes.sort_unstable();
    let mut left = room.saturating_sub(keys);
    let mut waiting = sizes.len();
    for size in sizes {
        let share = left / waiting;
        if size > share {
            return share;
        }
        left -= size;
        waiting -= 1;
    }
    usize::MAX
}

/// Bytes of a field beside its value: the comma, the key, the colon.
fn around(key: &Range<usize>) -> usize {
    key.len() + 2
}

pub(super) fn value_within(value: &[u8], size: usize, cap: usize) -> Vec<u8> {
    if size <= cap {
        return value.to_vec();
    }
    // A string keeps its own escapes; of anything else the JSON text becomes a string.
    let inner = match value.first() {
        Some(b'"') => &value[1..],
        _ => &escaped(value)[..],
    };
    let head = whole_characters(inner, cap.saturating_sub(2));
    [b"\"", &inner[..head], b"\""].concat()
}

fn escaped(value: &[u8]) -> Vec<u8> {
    let quoted = serde_json::Value::String(String::from_utf8_lossy(value).into_owned()).to_string();
    quoted.as_bytes()[1..quoted.len() - 1].to_vec()
}

/// How many of the first `limit` bytes hold whole characters and whole escapes.
pub(crate) fn whole_characters(text: &[u8], limit: usize) -> usize {
    let mut end = 0;
    while let Some(length) = character(&text[end..]) {
        if end + length > limit {
            break;
        }
        end += length;
    }
    end
}

/// Bytes of the first character inside a JSON string; none where it ends or is not all there.
fn character(text: &[u8]) -> Option<usize> {
    let length = match text {
        [b'"', ..] | [] => return None,
        // A surrogate pair stays together: half of it is no character.
        [
            b'\\',
            b'u',
            b'd' | b'D',
            b'8'..=b'9' | b'a'..=b'b' | b'A'..=b'B',
            ..,
        ] => 12,
        [b'\\', b'u', ..] => 6,
        [b'\\', ..] => 2,
        [0xf0..=0xff, ..] => 4,
        [0xe0..=0xef, ..] => 3,
        [0xc0..=0xdf, ..] => 2,
        _ => 1,
    };
    (length <= text.len()).then_some(length)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::fields::Fields;

    fn cut(fields: Fields, room: usize) -> Value {
        let text = fields.into_text(room);
        assert!(text.len() <= room, "{} > {room}", text.len());
        let object = format!("{{{}}}", std::str::from_utf8(&text[1..]).unwrap());
        serde_json::from_str(&object).unwrap()
    }

    #[test]
    fn short_values_stay_whole_and_long_ones_keep_their_heads() {
        let fields = Fields::new()
            .field("short", &7)
            .field("text", &"a".repeat(5000))
            .field("list", &vec![1; 5000]);
        let size = fields.size();
        let read = cut(fields, 1000);
        assert_eq!(read["short"], json!(7));
        assert_eq!(read["truncated"], json!(true));
        assert_eq!(read["original_size"], json!(size));
        assert!(read["text"].as_str().unwrap().len() > 400);
        assert!(read["list"].as_str().unwrap().starts_with("[1,1,1"));
    }

    #[test]
    fn no_character_or_escape_is_split() {
        let text = "汉🎉\"\\\u{1}é".repeat(50);
        for room in 80..200 {
            let read = cut(Fields::new().field("text", &text), room);
            assert!(
                text.starts_with(read["text"].as_str().unwrap()),
                "room {room}"
            );
        }
    }

    #[test]
    fn what_fits_is_not_touched() {
        let fields = Fields::new().field("text", &"x");
        let room = fields.size();
        assert_eq!(cut(fields, room), json!({"text": "x"}));
    }

    #[test]
    fn a_value_with_bounds_of_its_own_is_cut_to_them() {
        let fields = |most| {
            let fields = Fields::new().own_within("result", &"é".repeat(50), most);
            fields.and(&Fields::new().field("other", &"o".repeat(40)))
        };
        let whole = fields(102);
        assert_eq!(whole.needed(), whole.size());
        assert_eq!(cut(whole, 1000)["result"], json!("é".repeat(50)));

        let (size, needed) = (fields(13).size(), fields(13).needed());
        let read = cut(fields(13), needed);
        assert_eq!(read["result"], json!("ééééé"));
        assert_eq!(read["other"], json!("o".repeat(40)), "it has room");
        assert_eq!(fields(12).into_text(1000).len(), fields(12).needed());
        assert_eq!(read["original_size"], json!(size));
        // Where there is less room than its bounds, it is cut once, to the room.
        let text = String::from_utf8(fields(60).into_text(90)).unwrap();
        assert_eq!(text.matches("truncated").count(), 1, "{text}");
    }

    #[test]
    fn keys_alone_that_do_not_fit_are_left_out_from_the_end() {
        let fields = (0..100).fold(Fields::new(), |fields, n| {
            fields.field(&format!("key{n:04}"), &"value")
        });
        let read = cut(fields, 500);
        assert!(read.get("key0000").is_some() && read.get("key0099").is_none());
        assert_eq!(read["truncated"], json!(true));
    }
}
