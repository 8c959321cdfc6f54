//! Where a page left off.

use std::fmt;

use crate::error::{Repr, shown};
use crate::index::Shards;
use crate::{Error, EventId, JobId};

/// Written `<tops>_<belows>_<sinces>`, and behind all that the feed has `<tops>_<belows>_<sinces>_<job>`, each of
/// them one of every shard, joined by commas: it may stand in a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    /// In the order of the shards.
    pub(super) places: Vec<Place>,
    /// All starts were looked at, and of the jobs without one those up to this.
    pub(super) job: Option<JobId>,
}

/// How far the feed of a shard was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The newest event of the feed when the first page was read.
    pub(super) top: EventId,
    /// Of the starts from there down to this event, each was looked at.
    pub(super) below: EventId,
    /// When the last of those happened, in microseconds since 1970.
    pub(super) since: u64,
}

impl Place {
    /// Where nothing was looked at.
    pub(super) fn at(top: EventId) -> Self {
        Self {
            top,
            below: top.next(),
            since: u64::MAX,
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { places, job } = self;
        list(f, places.iter().map(|place| place.top))?;
        f.write_str("_")?;
        list(f, places.iter().map(|place| place.below))?;
        f.write_str("_")?;
        list(f, places.iter().map(|place| place.since))?;
        job.as_ref().map_or(Ok(()), |job| write!(f, "_{job}"))
    }
}

fn list(f: &mut fmt::Formatter<'_>, parts: impl Iterator<Item = impl fmt::Display>) -> fmt::Result {
    for (at, part) in parts.enumerate() {
        let comma = if at == 0 { "" } else { "," };
        write!(f, "{comma}{part}")?;
    }
    Ok(())
}

impl Cursor {
    /// In a store of so many shards.
    pub(super) fn read(text: &str, shards: Shards) -> Result<Self, Error> {
        let cursor = read(text).filter(|cursor| cursor.places.len() == shards.count());
        cursor.ok_or_else(|| Repr::Cursor { shown: shown(text) }.into())
    }
}

fn read(text: &str) -> Option<Cursor> {
    let mut parts = text.splitn(4, '_');
    let mut lists = || parts.next().map(|list| list.split(','));
    let (mut tops, mut belows, mut sinces) = (lists()?, lists()?, lists()?);
    let mut places = Vec::new();
    for top in tops.by_ref() {
        places.push(Place {
            top: top.parse().ok()?,
            below: belows.next()?.parse().ok()?,
            since: sinces.next()?.parse().ok()?,
        });
    }
    let is_all = belows.next().is_none() && sinces.next().is_none();
    let job = parts.next().map(JobId::try_from).transpose().ok()?;
    is_all.then_some(Cursor { places, job })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_as_it_is_written() {
        for text in ["7-1_5-0_9", "7-1_5-0_9_a_b", "7-1_5-0_9_用户/7"] {
            let cursor = Cursor::read(text, Shards::ONE).unwrap();
            assert_eq!(cursor.to_string(), text);
        }
        for text in [
            "",
            "7-1",
            "7-1_5-0",
            "7-1_x_9",
            "7-1_5-0_",
            "7-1_5-0_9_",
            "7-1_5-0_9_{",
            "_5-0_9",
            "7-1,7-1_5-0,5-0_9,9",
        ] {
            let error = Cursor::read(text, Shards::ONE).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidCursor);
            let what = format!("{text:?} is no place in a list of jobs");
            assert!(error.to_string().starts_with(&what), "{error}");
        }
    }

    #[test]
    fn one_of_a_cluster_has_a_place_of_each_shard_and_is_bounded() {
        let longest = Cursor {
            places: vec![
                Place {
                    top: EventId::MAX,
                    below: EventId::MAX,
                    since: u64::MAX,
                };
                16
            ],
            job: Some(JobId::try_from("_,".repeat(128)).unwrap()),
        };
        let text = longest.to_string();
        assert_eq!(text.len(), 1936);
        let read = |text: &str| Cursor::read(text, Shards::OF_CLUSTER);
        assert_eq!(read(&text).unwrap(), longest);
        for text in [
            "7-1_5-0_9",
            &format!("7-1,{text}"),
            &text.replacen(',', "_", 1),
        ] {
            assert!(read(text).is_err());
        }
    }
}
