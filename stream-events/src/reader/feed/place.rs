//! Where a feed is.

use std::fmt;
use std::str::FromStr;

use crate::error::{Repr, shown};
use crate::index::Shards;
use crate::{Error, EventId};

/// A place in a [`Feed`](crate::Feed), to go on from: [`Feed::place`](crate::Feed::place), for
/// [`Feed::after`](crate::Feed::after).
///
/// On one server it is the id of the last event, and an [`EventId`] is one. In a cluster the feed is made of 16
/// streams, and a place has an id of each. It is written as `<ms>-<n>`, or so many of them joined by commas: at
/// most 671 bytes.
///
/// A single id in a cluster means each of the streams behind that id. So what an
/// [`Event`](crate::Event::id) of the feed has is not enough there: of the other streams, events with a lower id
/// that had not been given yet, since a server was away or its clock is behind, are missed, and those with a
/// higher one that had been given come again; and no gap tells of what was trimmed before it began.
/// [`EventId::ZERO`] is before all, everywhere. The place of a store of another kind means the lowest of its
/// ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FeedPlace(Vec<EventId>);

impl FeedPlace {
    /// In the order of the shards.
    pub(super) fn new(ids: Vec<EventId>) -> Self {
        Self(ids)
    }

    /// Whether it is none of a store that has so many shards, nor before all there is.
    pub(super) fn is_near(&self, shards: Shards) -> bool {
        self.0.len() != shards.count() && self.lowest() != EventId::ZERO
    }

    fn lowest(&self) -> EventId {
        self.0.iter().min().copied().unwrap_or_default()
    }

    /// The same, in such a store.
    pub(in crate::reader) fn on(&self, shards: Shards) -> Vec<EventId> {
        if self.0.len() == shards.count() {
            return self.0.clone();
        }
        vec![self.lowest(); shards.count()]
    }
}

impl From<EventId> for FeedPlace {
    fn from(id: EventId) -> Self {
        Self(vec![id])
    }
}

impl fmt::Display for FeedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, id) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{id}")?;
        }
        Ok(())
    }
}

impl FromStr for FeedPlace {
    type Err = Error;

    /// # Errors
    ///
    /// [`InvalidCursor`](crate::ErrorKind::InvalidCursor).
    fn from_str(text: &str) -> Result<Self, Error> {
        let ids: Result<Vec<EventId>, Error> = text.split(',').map(str::parse).collect();
        let known = [Shards::ONE, Shards::OF_CLUSTER].map(Shards::count);
        let ids = ids.ok().filter(|ids| known.contains(&ids.len()));
        let refused = || Repr::FeedPlace { shown: shown(text) }.into();
        ids.map(Self).ok_or_else(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_cluster() -> FeedPlace {
        FeedPlace((1..=16).map(|ms| EventId::new(ms, 7)).collect())
    }

    #[test]
    fn a_place_is_read_back_as_it_is_written() {
        let one = FeedPlace::from(EventId::new(5, 7));
        assert_eq!(one.to_string(), "5-7");
        assert_eq!("5-7".parse::<FeedPlace>().unwrap(), one);
        let written = of_cluster().to_string();
        assert!(written.starts_with("1-7,2-7,") && written.ends_with(",16-7"));
        assert_eq!(written.parse::<FeedPlace>().unwrap(), of_cluster());
        assert_eq!(FeedPlace(vec![EventId::MAX; 16]).to_string().len(), 671);
    }

    #[test]
    fn what_is_no_place_is_refused_by_name() {
        let long = format!("{},1-1", of_cluster());
        for text in ["", "5", "5-1,", "5-1,6-1", "$", "5-1\r\nXADD", &long] {
            let error = text.parse::<FeedPlace>().unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidCursor);
            let why = "is no place in a feed, which is an event id, `<ms>-<n>`, or 16 of them joined by commas";
            assert!(error.to_string().ends_with(why), "{error}");
        }
    }

    #[test]
    fn a_place_of_another_store_misses_nothing() {
        let id = EventId::new(5, 7);
        assert_eq!(FeedPlace::from(id).on(Shards::OF_CLUSTER), [id; 16]);
        assert_eq!(of_cluster().on(Shards::ONE), [EventId::new(1, 7)]);
        assert_eq!(of_cluster().on(Shards::OF_CLUSTER), of_cluster().0);
        assert!(of_cluster().is_near(Shards::ONE) && !of_cluster().is_near(Shards::OF_CLUSTER));
        assert!(!FeedPlace::from(EventId::ZERO).is_near(Shards::OF_CLUSTER));
    }
}
