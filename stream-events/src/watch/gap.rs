//! What a watch did not get.

use std::fmt;

/// Events of a run that did not come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// The run; empty where nobody can tell.
    pub run: String,
    /// The first seq that is missing.
    pub first: u64,
    /// How many are missing; 0 where nobody can tell. Of a watch that begins after an event of which, and of
    /// what was before it, nothing is left, it is the most that may be: nobody can tell how many of them
    /// stood before that event.
    pub count: u64,
    /// Why.
    pub why: Missing,
}

/// Why events are missing, as far as the stream can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Missing {
    /// The stream was trimmed to its length, or has begun anew.
    Trimmed,
    /// They are not on the stream, though older ones are: they were dropped where they were emitted, or
    /// deleted from its middle.
    Dropped,
    /// The stream is gone: its time was up, the store had no room for it, or somebody deleted it. A watch
    /// ends with this, unless another stream is in its place, which it follows then.
    Expired,
}

impl Missing {
    /// `trimmed`, `dropped` or `expired`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trimmed => "trimmed",
            Self::Dropped => "dropped",
            Self::Expired => "expired",
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// On one line.
impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            0 => f.write_str("events")?,
            count => write!(f, "{count} events")?,
        }
        if !self.run.is_empty() {
            write!(f, " of run {}", self.run.escape_debug())?;
        }
        write!(f, " are missing, from {}: {}", self.first, self.why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_told_on_one_line() {
        let gap = |run: &str, first, count, why| {
            let run = run.to_owned();
            Gap {
                run,
                first,
                count,
                why,
            }
            .to_string()
        };
        assert_eq!(
            gap("r1", 3, 5, Missing::Dropped),
            "5 events of run r1 are missing, from 3: dropped"
        );
        assert_eq!(
            gap("a\nb", 7, 0, Missing::Expired),
            "events of run a\\nb are missing, from 7: expired"
        );
        let nobody_knows = gap("", 0, 0, Missing::Trimmed);
        assert_eq!(nobody_knows, "events are missing, from 0: trimmed");
    }
}
