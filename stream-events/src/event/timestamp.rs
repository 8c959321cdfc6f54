//! The time of an event: written one way, read in every way that a publisher is known to write it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::civil::DateTime;
use jiff::tz::Offset;

/// Microseconds since 1970, the precision that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(i64);

impl Timestamp {
    pub(crate) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        // A clock before 1970 is as good as 1970: the order of events does not hang on it.
        Self(since.map_or(0, |since| {
            let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
            let micros = i64::from(since.subsec_micros());
            seconds.saturating_mul(SECOND).saturating_add(micros)
        }))
    }

    /// None of a time before 1970, or beyond the calendar, which ends with the year 9999.
    pub(crate) fn of(time: SystemTime) -> Option<Self> {
        let since = time.duration_since(UNIX_EPOCH).ok()?;
        let micros = i64::try_from(since.as_micros()).ok();
        micros
            .filter(|micros| jiff::Timestamp::from_microsecond(*micros).is_ok())
            .map(Self)
    }

    /// Whole milliseconds, for the event's id.
    pub(crate) fn ms(self) -> u64 {
        u64::try_from(self.0 / 1000).unwrap_or(0)
    }

    /// RFC 3339 with microseconds and a numeric offset, as Python's
    /// `datetime.now(timezone.utc).isoformat()` writes it; its `fromisoformat` before 3.11 does not
    /// take a `Z`. Digit by digit, which takes a tenth of the time of a format string.
    pub(crate) fn to_rfc3339(self) -> Rfc3339 {
        let time = jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let time = Offset::UTC.to_datetime(time);
        let mut text = *b"0000-00-00T00:00:00.000000+00:00";
        let micros = time.subsec_nanosecond() / 1000;
        for (places, number) in [
            (0..4, i32::from(time.year())),
            (5..7, i32::from(time.month())),
            (8..10, i32::from(time.day())),
            (11..13, i32::from(time.hour())),
            (14..16, i32::from(time.minute())),
            (17..19, i32::from(time.second())),
            (MICROS, micros),
        ] {
            digits(&mut text[places], number);
        }
        Rfc3339(text)
    }

    #[cfg(any(feature = "spool", test))]
    pub(crate) const fn micros(self) -> i64 {
        self.0
    }

    #[cfg(any(feature = "spool", test))]
    pub(crate) const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }
}

/// A time as it is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rfc3339([u8; 32]);

impl Rfc3339 {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// ASCII by its making.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Shows times, of which those that follow each other are mostly of one second.
#[derive(Debug, Default)]
pub(crate) struct Clock(Option<(i64, Rfc3339)>);

impl Clock {
    pub(super) fn show(&mut self, at: Timestamp) -> Rfc3339 {
        let (second, micros) = (at.0.div_euclid(SECOND), at.0.rem_euclid(SECOND));
        if let Some((of, shown)) = &mut self.0
            && *of == second
        {
            digits(&mut shown.0[MICROS], micros as i32);
            return *shown;
        }
        let shown = at.to_rfc3339();
        // One beyond the calendar is shown as another.
        self.0 = (at.0 == 0 || shown.0 != Timestamp(0).to_rfc3339().0).then_some((second, shown));
        shown
    }
}

/// In microseconds.
const SECOND: i64 = 1_000_000;
/// Where they stand.
const MICROS: std::ops::Range<usize> = 20..26;

/// Of what is below 1970 or above 9999 no time is made.
fn digits(places: &mut [u8], mut number: i32) {
    for place in places.iter_mut().rev() {
        *place = b'0' + (number % 10).unsigned_abs() as u8;
        number /= 10;
    }
}

/// Reads RFC 3339, ISO 8601 without an offset (taken as UTC), and epoch seconds or milliseconds as
/// a number.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    let text = text.trim();
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return SystemTime::try_from(time).ok();
    }
    if let Ok(naive) = text.parse::<DateTime>() {
        let time = Offset::UTC.to_timestamp(naive).ok()?;
        return SystemTime::try_from(time).ok();
    }
    let epoch: f64 = text.parse().ok()?;
    // The seconds of any date before the year 5138 are below 10^11, and the milliseconds of any
    // after March 1973 above it.
    let seconds = if epoch >= 1e11 { epoch / 1000.0 } else { epoch };
    let since = Duration::try_from_secs_f64(seconds).ok()?;
    UNIX_EPOCH.checked_add(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_764_015_825_123_456;

    #[test]
    fn written_with_microseconds_and_a_numeric_offset() {
        for (micros, written) in [
            (NOW, "2025-11-24T20:23:45.123456+00:00"),
            (0, "1970-01-01T00:00:00.000000+00:00"),
            (1, "1970-01-01T00:00:00.000001+00:00"),
            // What is beyond the calendar.
            (i64::MAX, "1970-01-01T00:00:00.000000+00:00"),
        ] {
            let text = Timestamp::from_micros(micros).to_rfc3339();
            assert_eq!(text.as_str(), written);
        }
    }

    #[test]
    fn a_time_that_was_read_is_written_where_the_calendar_has_it() {
        let shown = |time| Timestamp::of(time).map(|at| at.to_rfc3339().as_str().to_owned());
        let text = "9999-12-30T21:59:59.999999+00:00";
        assert_eq!(shown(parse(text).unwrap()).as_deref(), Some(text));
        let beyond = UNIX_EPOCH + Duration::from_secs(253_402_300_800);
        assert_eq!(shown(beyond), None);
        assert_eq!(shown(UNIX_EPOCH - Duration::from_micros(1)), None);
    }

    #[test]
    fn a_clock_shows_what_each_time_shows_by_itself() {
        let mut clock = Clock::default();
        for micros in [
            0,
            1,
            999_999,
            NOW,
            NOW + 1,
            NOW - 1,
            NOW + SECOND,
            i64::MAX,
            i64::MAX - 1,
            5,
        ] {
            let at = Timestamp::from_micros(micros);
            assert_eq!(clock.show(at).as_str(), at.to_rfc3339().as_str());
        }
    }

    #[test]
    fn read_in_every_form_that_publishers_write() {
        let expected = UNIX_EPOCH + Duration::from_micros(NOW.unsigned_abs());
        for text in [
            "2025-11-24T20:23:45.123456+00:00",
            "2025-11-24T20:23:45.123456Z",
            "2025-11-25T01:53:45.123456+05:30",
            "2025-11-24T20:23:45.123456",
            "2025-11-24 20:23:45.123456",
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        let second = UNIX_EPOCH + Duration::from_secs(1_764_015_825);
        for text in [
            "1764015825",
            "1764015825.0",
            "1764015825000",
            "2025-11-24T20:23:45",
        ] {
            assert_eq!(parse(text), Some(second), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "yesterday",
            "NaN",
            "-1e400",
            "1e400",
            "inf",
            "2025-13-45T99:00:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
