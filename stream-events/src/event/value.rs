//! One value of an event, written to JSON within bounds.

use std::fmt::{self, Write as _};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::nesting::{Nested, TOO_DEEP};
use super::payload;
use crate::Error;
use crate::error::{Repr, told};
use crate::scrub::Telling;

/// Writes `value`, of which at most [`KEPT`] bytes are kept, and returns its size. A user's
/// `Serialize` may fail or panic: the job that calls us must not.
pub(super) fn write_value<T: Serialize + ?Sized>(text: &mut Vec<u8>, value: &T) -> usize {
    let start = text.len();
    let mut writer = Capped { text, size: 0 };
    let why = match guarded(|| serde_json::to_writer(&mut writer, value)) {
        Ok(Ok(())) => return writer.size,
        Ok(Err(error)) => error.to_string(),
        Err(why) => why.to_owned(),
    };
    text.truncate(start);
    unserializable::<T>(text, &why)
}

/// What was written of a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    /// Bytes of all of it, also of what was not kept.
    pub(super) size: usize,
    /// Whether all of it was seen, and has nothing that might be a secret.
    pub(super) is_harmless: bool,
}

impl Written {
    pub(super) fn harmless(size: usize) -> Self {
        let is_harmless = true;
        Self { size, is_harmless }
    }

    /// Nobody has looked at what was written.
    pub(super) fn unseen(size: usize) -> Self {
        let is_harmless = false;
        Self { size, is_harmless }
    }
}

/// The same for the text of a user's value. With `or` given, that stands in its place where the text
/// cannot be made.
pub(super) fn write_text<T: fmt::Display + ?Sized>(
    text: &mut Vec<u8>,
    value: &T,
    or: Option<&str>,
) -> Written {
    let start = text.len();
    text.push(b'"');
    let mut writer = Capped { text, size: 0 };
    let written = guarded(|| write!(writer, "{value}"));
    let size = writer.size;
    let why = match written {
        Ok(Ok(())) => return finish_text(text, start, size),
        Ok(Err(error)) => error.to_string(),
        Err(why) => why.to_owned(),
    };
    text.truncate(start);
    Written::unseen(match or {
        Some(or) => {
            payload::write_text(text, or);
            text.len() - start
        }
        None => unserializable::<T>(text, &why),
    })
}

/// Has what was written be a string of JSON. Most texts are one as they are.
fn finish_text(text: &mut Vec<u8>, start: usize, size: usize) -> Written {
    let telling = Telling::of(&text[start + 1..]);
    if size < KEPT && telling.is_plain() {
        text.push(b'"');
        return Written {
            size: size + 2,
            is_harmless: telling.is_harmless(),
        };
    }
    let kept = text.split_off(start + 1);
    text.truncate(start);
    let beyond = size - kept.len();
    Written::unseen(write_value(text, &String::from_utf8_lossy(&kept)) + beyond)
}

fn unserializable<T: ?Sized>(text: &mut Vec<u8>, why: &str) -> usize {
    let start = text.len();
    text.extend_from_slice(br#"{"$unserializable":"#);
    let why = serde_json::Value::String(format!("{}: {why}", std::any::type_name::<T>()));
    text.extend_from_slice(why.to_string().as_bytes());
    text.push(b'}');
    text.len() - start
}

/// A value as JSON, for a caller who is told why it is none.
pub(crate) fn json<T: Serialize + ?Sized>(what: &str, value: &T) -> Result<Box<RawValue>, Error> {
    let why = match guarded(|| to_raw_value(value)) {
        Ok(Ok(json)) => return Ok(json),
        Ok(Err(error)) => told(error),
        Err(why) => format!("its Serialize {why}"),
    };
    let what = what.to_owned();
    Err(Repr::Unserializable { what, why }.into())
}

/// The text of a user's value, whose `Display` may fail or panic.
pub(crate) fn text<T: fmt::Display + ?Sized>(value: &T) -> String {
    text_of::<T>(format_args!("{value}"))
}

/// The same of its `Debug`.
pub(crate) fn debug<T: fmt::Debug + ?Sized>(value: &T) -> String {
    text_of::<T>(format_args!("{value:?}"))
}

fn text_of<T: ?Sized>(text: fmt::Arguments<'_>) -> String {
    let none = || format!("a {} that does not display", std::any::type_name::<T>());
    display(&text).unwrap_or_else(none)
}

/// The text of a user's value; none where its `Display` fails or panics.
pub fn display<T: fmt::Display + ?Sized>(value: &T) -> Option<String> {
    let mut text = String::new();
    let written = guarded(|| write!(text, "{value}"));
    matches!(written, Ok(Ok(()))).then_some(text)
}

/// Has a user's own code write a text, and says what came in its way: a panic, or that it has us
/// write itself.
fn guarded<R>(write: impl FnOnce() -> R) -> Result<R, &'static str> {
    let Some(_nested) = Nested::begin() else {
        return Err(TOO_DEEP);
    };
    catch_unwind(AssertUnwindSafe(write)).map_err(|_panic| "panicked")
}

/// Keeps the head of what is written and counts all of it, so that a giant value costs no giant
/// memory.
struct Capped<'a> {
    text: &'a mut Vec<u8>,
    size: usize,
}

impl Capped<'_> {
    #[inline]
    fn keep(&mut self, bytes: &[u8]) {
        let size = self.size + bytes.len();
        let kept = match KEPT.checked_sub(self.size) {
            _ if size <= KEPT => bytes,
            room => &bytes[..room.unwrap_or(0)],
        };
        self.text.extend_from_slice(kept);
        self.size = size;
    }
}

impl io::Write for Capped<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.keep(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Write for Capped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.keep(text.as_bytes());
        Ok(())
    }
}

/// What is kept of one value: all that an event can hold.
const KEPT: usize = crate::MAX_PAYLOAD;

#[cfg(test)]
pub(super) mod tests {
    use serde::ser::Error as _;
    use serde_json::json;

    use super::*;
    use crate::Fields;

    /// Serialises to an error.
    pub(in crate::event) struct Broken;
    impl Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom("no such thing"))
        }
    }

    struct Panics;
    impl Serialize for Panics {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("in the middle")
        }
    }

    #[test]
    fn what_does_not_serialise_says_so_in_its_place() {
        let fields = Fields::new()
            .field("bad", &Broken)
            .field("worse", &Panics)
            .field("good", &1);
        let read: serde_json::Value = serde_json::from_str(&fields.to_string()).unwrap();
        let name = "stream_events::event::value::tests::";
        assert_eq!(
            read["bad"]["$unserializable"],
            json!(format!("{name}Broken: no such thing"))
        );
        assert_eq!(
            read["worse"]["$unserializable"],
            json!(format!("{name}Panics: panicked"))
        );
        assert_eq!(read["good"], json!(1));
    }

    #[test]
    fn a_text_is_a_string_of_json_whatever_is_in_it() {
        let written = |value: &dyn fmt::Display, or| {
            let mut text = b"before".to_vec();
            let written = write_text(&mut text, value, or);
            assert_eq!(written.size, text.len() - 6);
            String::from_utf8(text.split_off(6)).unwrap()
        };
        for text in ["", "plain", "汉 🎉", "a\"b", "\\", "\n", "\u{7f}"] {
            let read: String = serde_json::from_str(&written(&text, None)).unwrap();
            assert_eq!(read, text);
        }
        assert_eq!(written(&Mute, Some("no \"text\"")), r#""no \"text\"""#);
        let why: serde_json::Value = serde_json::from_str(&written(&Mute, None)).unwrap();
        assert!(why["$unserializable"].is_string(), "{why}");
    }

    /// Displays as nothing.
    struct Mute;
    impl fmt::Display for Mute {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half of")?;
            Err(fmt::Error)
        }
    }

    #[test]
    fn a_giant_text_is_kept_by_its_head_and_counted_whole() {
        for (giant, size) in [
            ("x".repeat(3 * KEPT), 3 * KEPT + 2),
            ("é\n".repeat(KEPT), 3 * KEPT),
        ] {
            let mut text = Vec::new();
            let counted = write_text(&mut text, &giant, None).size;
            assert!(counted >= size && text.len() <= KEPT, "{counted}");
            assert!(text.starts_with(b"\""));
        }
    }

    #[test]
    fn a_giant_value_is_kept_by_its_head_and_counted_whole() {
        let (giant, mut text) = ("x".repeat(3 * KEPT), Vec::new());
        assert_eq!(write_value(&mut text, &giant), giant.len() + 2);
        assert_eq!(text.len(), KEPT);
    }

    #[test]
    fn what_stands_in_place_of_a_text_is_a_text_however_deep_it_is() {
        let _held: Vec<_> = std::iter::from_fn(Nested::begin).collect();
        let mut text = Vec::new();
        let written = write_text(&mut text, "said", Some("no \"text\""));
        assert_eq!(text, br#""no \"text\"""#);
        assert_eq!(written.size, text.len());
    }
}
