//! What stands on a stream already, read from its end back, a page at a time.

use crate::store::{Connection, Fault};
use crate::{Event, EventId};

/// How many entries are read at a time.
pub(crate) const PAGE: usize = 100;

/// Shows `find` the events with ids from `from` to `to`, both included, newest first, until it has
/// found what it looks for; none where it has seen all.
pub(crate) async fn search<T>(
    connection: &dyn Connection,
    key: &str,
    from: EventId,
    mut to: EventId,
    mut find: impl FnMut(Event) -> Option<T>,
) -> Result<Option<T>, Fault> {
    while from <= to {
        let page = connection.tail(key, from, to, PAGE).await?;
        let (oldest, is_last) = (page.last().map(|entry| entry.id), page.len() < PAGE);
        let found = page.into_iter().map(Event::from).find_map(&mut find);
        match oldest {
            Some(oldest) if found.is_none() && !is_last => to = oldest.previous(),
            _ => return Ok(found),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::event::Values;
    use crate::store::{Append, NewEntry, Purpose, StoreUrl};

    const LENGTH: u64 = 2 * PAGE as u64 + 50;

    /// A stream of events with the ids `1-0`, `2-0` and so on.
    async fn stream(name: &str) -> Box<dyn Connection> {
        let store = StoreUrl::new(format!("memory:{name}")).open().unwrap();
        let connection = store.connect(Purpose::Prompt).await.unwrap();
        let entry = |ms| NewEntry {
            id: Some(EventId::new(ms, 0)),
            values: Values::new(b"{}".to_vec(), b"", "row"),
        };
        let append = Append {
            key: "k".into(),
            entries: (1..=LENGTH).map(entry).collect(),
            max_len: 10_000,
            expire: None,
        };
        connection.append(vec![Arc::new(append)]).await.unwrap();
        connection
    }

    /// What is shown between two of them, until this one is found, and whether it was.
    async fn shown(name: &str, from: u64, to: EventId, sought: u64) -> (Vec<u64>, bool) {
        let connection = stream(name).await;
        let mut shown = Vec::new();
        let find = |event: Event| {
            shown.push(event.id().ms());
            (event.id().ms() == sought).then_some(())
        };
        let from = EventId::new(from, 0);
        let found = search(&*connection, "k", from, to, find).await.unwrap();
        (shown, found.is_some())
    }

    #[tokio::test]
    async fn all_is_shown_once_newest_first_and_nothing_behind_what_is_found() {
        let down_to = |last: u64| (last..=LENGTH).rev().collect::<Vec<_>>();
        let all = shown("all", 0, EventId::MAX, 0).await;
        assert_eq!(all, (down_to(1), false));
        let (page, sought) = (PAGE as u64, LENGTH - PAGE as u64 - 5);
        let found = shown("found", 0, EventId::MAX, sought).await;
        assert_eq!(found, (down_to(sought), true));
        // The last page is full, and begins where nothing more is wanted.
        let from = LENGTH - 2 * page + 1;
        let within = shown("within", from, EventId::MAX, 1).await;
        assert_eq!(within, (down_to(from), false));
        let to = EventId::new(4, 0);
        assert_eq!(shown("to", 3, to, 1).await, (vec![4, 3], false));
        assert_eq!(shown("nothing", 5, to, 1).await, (vec![], false));
    }
}
