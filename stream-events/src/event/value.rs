//! One value of an event, written to JSON within bounds.

use std::fmt::{self, Write as _};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::nesting::{Nested, TOO_DEEP};
use crate::Error;
use crate::error::{Repr, told};

/// Writes `value`, of which at most [`KEPT`] bytes are kept, and returns its size. A user's
/// `Serialize` may fail or panic: the job that calls us must not.
pub(super) fn write_value<T: Serialize + ?Sized>(text: &mut Vec<u8>, value: &T) -> usize {
    let start = text.len();
    let why = match written(text, value) {
        Ok(size) => return size,
        Err(why) => why,
    };
    text.truncate(start);
    text.extend_from_slice(br#"{"$unserializable":"#);
    let why = serde_json::Value::String(format!("{}: {why}", std::any::type_name::<T>()));
    text.extend_from_slice(why.to_string().as_bytes());
    text.push(b'}');
    text.len() - start
}

/// The same for the text of a user's value, with `or` in its place where that fails or panics.
pub(super) fn write_text<T: fmt::Display + ?Sized>(
    text: &mut Vec<u8>,
    value: &T,
    or: &str,
) -> usize {
    let start = text.len();
    written(text, &Text(format_args!("{value}"))).unwrap_or_else(|_| {
        text.truncate(start);
        write_value(text, or)
    })
}

fn written<T: Serialize + ?Sized>(text: &mut Vec<u8>, value: &T) -> Result<usize, String> {
    let mut writer = Capped { text, size: 0 };
    match guarded(|| serde_json::to_writer(&mut writer, value)) {
        Ok(Ok(())) => Ok(writer.size),
        Ok(Err(error)) => Err(error.to_string()),
        Err(why) => Err(why.to_owned()),
    }
}

/// Serialises a text as it is formatted, with no copy of its own.
pub(super) struct Text<'a>(pub(super) fmt::Arguments<'a>);

impl Serialize for Text<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
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

impl io::Write for Capped<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = KEPT.saturating_sub(self.size).min(bytes.len());
        self.text.extend_from_slice(&bytes[..room]);
        self.size += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
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
    fn a_giant_value_is_kept_by_its_head_and_counted_whole() {
        let (giant, mut text) = ("x".repeat(3 * KEPT), Vec::new());
        assert_eq!(write_value(&mut text, &giant), giant.len() + 2);
        assert_eq!(text.len(), KEPT);
    }
}
