//! Times and lengths of time, as a query has them.

use std::fmt;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// A point in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Time {
    At(Timestamp),
    /// So many milliseconds before now.
    Ago(u64),
}

impl Time {
    /// RFC 3339, a date with or without a time, taken as UTC, or `-1h`.
    pub(super) fn of(text: &str) -> Option<Self> {
        if let Some(length) = text.strip_prefix('-') {
            return millis(length).map(Self::Ago);
        }
        // By one with the name of a place, the time there is not meant.
        if text.contains('[') {
            return None;
        }
        let naive = |text: &str| {
            Offset::UTC
                .to_timestamp(text.parse::<DateTime>().ok()?)
                .ok()
        };
        let time = text.parse().ok().or_else(|| naive(text))?;
        Some(Self::At(time))
    }

    pub(super) fn from(&self, now: SystemTime) -> SystemTime {
        let time = match self {
            Self::At(time) => SystemTime::try_from(*time).ok(),
            Self::Ago(millis) => now.checked_sub(Duration::from_millis(*millis)),
        };
        time.unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(time) => fmt::Display::fmt(time, f),
            Self::Ago(millis) => write!(f, "-{}", written(*millis)),
        }
    }
}

/// `1h30m`, in milliseconds, as the `timeout` of an annotated function.
pub(super) fn millis(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut sum = None;
    while !rest.is_empty() {
        let part = |text: &str, is_part: fn(&u8) -> bool| text.bytes().take_while(is_part).count();
        let (number, behind) = rest.split_at(part(rest, u8::is_ascii_digit));
        let (unit, behind) = behind.split_at(part(behind, u8::is_ascii_alphabetic));
        let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let length = number.parse::<u64>().ok()?.checked_mul(*millis)?;
        sum = Some(length.checked_add(sum.unwrap_or(0))?);
        rest = behind;
    }
    sum
}

/// The same the other way round.
pub(super) fn written(millis: u64) -> String {
    let (mut rest, mut text) = (millis, String::new());
    for (unit, of_unit) in UNITS {
        if rest >= of_unit {
            text.push_str(&format!("{}{unit}", rest / of_unit));
            rest %= of_unit;
        }
    }
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text
    }
}

const UNITS: [(&str, u64); 5] = [
    ("d", 24 * 60 * 60 * 1000),
    ("h", 60 * 60 * 1000),
    ("m", 60 * 1000),
    ("s", 1000),
    ("ms", 1),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_back_as_they_are_written() {
        for (text, expected, again) in [
            ("90s", 90_000, "1m30s"),
            ("1h30m", 5_400_000, "1h30m"),
            ("250ms", 250, "250ms"),
            ("7d", 7 * 86_400_000, "7d"),
            ("0s", 0, "0s"),
            ("1s1s", 2000, "2s"),
        ] {
            assert_eq!(millis(text), Some(expected), "{text}");
            assert_eq!(written(expected), again);
            assert_eq!(millis(again), Some(expected));
        }
        for nonsense in [
            "",
            "10",
            "m",
            "1.5h",
            "-1s",
            "10 m",
            "10min",
            "1µs",
            "18446744073709551615d",
        ] {
            assert_eq!(millis(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn times_are_read_in_every_form_that_people_write() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_764_015_825);
        for (text, shown) in [
            (
                "2025-11-24T20:23:45.123456+00:00",
                "2025-11-24T20:23:45.123456Z",
            ),
            ("2025-11-24T20:23:45Z", "2025-11-24T20:23:45Z"),
            ("2025-11-25T01:53:45+05:30", "2025-11-24T20:23:45Z"),
            ("2025-11-24T20:23:45", "2025-11-24T20:23:45Z"),
            ("2025-11-24T20:23", "2025-11-24T20:23:00Z"),
            ("2025-11-24 20:23", "2025-11-24T20:23:00Z"),
            ("2025-11-24", "2025-11-24T00:00:00Z"),
            ("-1h", "-1h"),
            ("-7d", "-7d"),
        ] {
            let time = Time::of(text).unwrap();
            assert_eq!(time.to_string(), shown, "{text}");
            assert_eq!(Time::of(shown), Some(time));
        }
        assert_eq!(
            Time::of("-1h").unwrap().from(now),
            now - Duration::from_secs(3600)
        );
        // Long before there were any.
        let ago = format!("-{}ms", u64::MAX);
        assert!(Time::of(&ago).unwrap().from(now) <= SystemTime::UNIX_EPOCH);
        for nonsense in [
            "",
            "-",
            "1h",
            "+1h",
            "yesterday",
            "1764015825",
            "2025-13-45",
            "2025-11-24T20:00[Europe/Paris]",
        ] {
            assert_eq!(Time::of(nonsense), None, "{nonsense}");
        }
    }
}
