//! What a test expects of a job's events.

use serde::Serialize;
use serde_json::Value;

use super::difference::difference;
use super::line::Line;
use crate::Event;

/// One event that is expected, or any number of them.
#[derive(Debug)]
pub struct Expected {
    /// None for any number of events of whatever type.
    pub(super) event: Option<Line>,
}

impl Expected {
    /// An event of this type.
    #[must_use]
    pub fn event(event_type: &str) -> Self {
        Self {
            event: Some(Line::new(event_type)),
        }
    }

    /// Which has this field with this value, beside others.
    ///
    /// # Panics
    ///
    /// Where the value does not serialise.
    #[must_use]
    #[track_caller]
    pub fn field<T: Serialize + ?Sized>(mut self, key: &str, value: &T) -> Self {
        let value: Value = serde_json::to_value(value).unwrap_or_else(|why| {
            panic!("the value expected of `{key}` does not serialise: {why}")
        });
        if let Some(event) = &mut self.event {
            event.fields.push((key.to_owned(), value));
        }
        self
    }

    /// Any number of events.
    #[must_use]
    pub fn rest() -> Self {
        Self { event: None }
    }
}

/// Panics with what is different where the events are not those expected.
#[track_caller]
pub fn check<E: AsRef<[Event]> + ?Sized>(events: &E, expected: &[Expected]) {
    let found: Vec<_> = events.as_ref().iter().map(Line::of).collect();
    if let Some(difference) = difference(&found, expected) {
        panic!("the events are not those expected (- expected, + found)\n{difference}");
    }
}

/// Panics unless a job's events are those that are listed, in this order.
///
/// Of each, the type is given and, in braces, the fields that matter, whose values are compared as JSON
/// has them: others may stand beside them. `..` stands for any number of events. What a failure shows is
/// written as this macro takes it, without what differs from run to run: `timestamp`, `run`, `seq`,
/// `duration_ms` and the like, unless the test asks for it.
///
/// ```should_panic
/// use stream_events::{assert_events, testing};
///
/// let recorded = testing::start();
/// let job = recorded.publisher().job("job_1", "import").unwrap();
/// job.progress("reading");
/// job.failed("no such file");
/// assert_events!(recorded.events_blocking("job_1"), [
///     "task_started",
///     ..,
///     "task_completed" { result: 3 },
/// ]);
/// // the events are not those expected (- expected, + found)
/// //   "task_started",
/// //   ..,
/// // - "task_completed" { result: 3 },
/// // + "task_failed" { error: "no such file", error_kind: "error", will_retry: false },
/// ```
#[macro_export]
macro_rules! assert_events {
    ($events:expr, [$($expected:tt)*] $(,)?) => {
        $crate::__expected_events!{ ($events) [] $($expected)* }
    };
}

/// Takes the list of [`assert_events!`](crate::assert_events) one by one.
#[doc(hidden)]
#[macro_export]
macro_rules! __expected_events {
    (($events:expr) [$($expected:expr,)*]) => {
        $crate::__private::check(&$events, &[$($expected,)*])
    };
    (($events:expr) [$($expected:expr,)*] .. $(, $($rest:tt)*)?) => {
        $crate::__expected_events!{
            ($events) [$($expected,)* $crate::__private::Expected::rest(),] $($($rest)*)?
        }
    };
    (($events:expr) [$($expected:expr,)*] $event_type:literal $(, $($rest:tt)*)?) => {
        $crate::__expected_events!{
            ($events) [$($expected,)* $crate::__private::Expected::event($event_type),] $($($rest)*)?
        }
    };
    (
        ($events:expr) [$($expected:expr,)*]
        $event_type:literal { $($key:tt: $value:expr),* $(,)? } $(, $($rest:tt)*)?
    ) => {
        $crate::__expected_events!{
            ($events)
            [
                $($expected,)*
                $crate::__private::Expected::event($event_type)
                    $(.field($crate::__expected_key!($key), &$value))*,
            ]
            $($($rest)*)?
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __expected_key {
    ($key:ident) => {
        ::core::stringify!($key)
    };
    ($key:literal) => {
        $key
    };
}
