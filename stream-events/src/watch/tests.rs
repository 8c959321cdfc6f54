//! Whoever comes back to a stream, at any event of it, gets what stands behind that, and nothing else.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::Reader;
use crate::event::Values;
use crate::store::{Append, NewEntry, Purpose, StoreUrl};

/// What is written next.
#[derive(Debug, Clone)]
enum Write {
    /// The next event of one of a few runs, after so many that were dropped.
    Own {
        run: u8,
        dropped: u64,
        kind: &'static str,
    },
    /// An event of a run once more, so far back.
    Again { run: u8, back: u64 },
    /// This often what is none of ours.
    Foreign(usize),
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let kinds = [
        "row",
        "task_progress",
        "task_failed",
        "task_completed",
        "task_resumed",
    ];
    let own = (0_u8..3, 0_u64..3, prop::sample::select(kinds.to_vec()));
    let write = prop_oneof![
        6 => own.prop_map(|(run, dropped, kind)| Write::Own { run, dropped, kind }),
        2 => (0_u8..3, 0_u64..4).prop_map(|(run, back)| Write::Again { run, back }),
        1 => prop_oneof![Just(1_usize), Just(120)].prop_map(Write::Foreign),
    ];
    prop::collection::vec(write, 1..25)
}

fn entries(writes: &[Write]) -> Vec<NewEntry> {
    let mut next: HashMap<u8, u64> = HashMap::new();
    let (mut texts, mut recent) = (Vec::new(), HashSet::new());
    let own = |run: u8, seq: u64, kind| (format!(r#"{{"run":"r{run}","seq":{seq}}}"#), kind);
    for write in writes {
        match write {
            Write::Own { run, dropped, kind } => {
                recent.insert(*run);
                match next.get_mut(run) {
                    Some(next) => {
                        texts.push(own(*run, *next + dropped, *kind));
                        *next += dropped + 1;
                    }
                    None => {
                        texts.push(own(*run, 0, "task_started"));
                        next.insert(*run, 1);
                    }
                }
            }
            Write::Again { run, back } => {
                // Not its start, which nobody looks for, and not from long before.
                if let Some(next) = next
                    .get(run)
                    .filter(|next| **next > 1 && recent.contains(run))
                {
                    let seq = (next - 1).saturating_sub(*back).max(1);
                    texts.push(own(*run, seq, "row"));
                }
            }
            Write::Foreign(times) => {
                if *times > 1 {
                    recent.clear();
                }
                texts.extend(std::iter::repeat_n(("no JSON".to_owned(), "audit"), *times));
            }
        }
    }
    texts.push(own(9, 0, "task_started"));
    texts.push(own(9, 1, "task_completed"));
    let entry = |(nth, (data, kind)): (usize, (String, &str))| NewEntry {
        id: Some(EventId::new(nth as u64 + 1, 0)),
        values: Values::new(data.into_bytes(), b"", kind),
    };
    texts.into_iter().enumerate().map(entry).collect()
}

async fn items(reader: &Reader, after: EventId) -> Vec<Item> {
    let watch = reader.watch("j").unwrap().after(after);
    watch.map(Result::unwrap).collect().await
}

async fn holds(writes: Vec<Write>) {
    let store = StoreUrl::new("memory:come_back").open().unwrap();
    let connection = store.connect(Purpose::Prompt).await.unwrap();
    let append = Append {
        key: "job_events:j".into(),
        entries: entries(&writes),
        max_len: 10_000,
        expire: None,
    };
    connection.append(vec![Arc::new(append)]).await.unwrap();
    drop(connection);
    let reader = Reader::new(store, "job_events");
    let whole = items(&reader, EventId::ZERO).await;
    for (nth, item) in whole.iter().enumerate() {
        let Item::Event(event) = item else { continue };
        // Of what stands there in masses, some will do.
        if event.run().is_some() || nth % 16 == 0 {
            let behind = items(&reader, event.id()).await;
            assert_eq!(behind, whole[nth + 1..], "behind {event}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn who_comes_back_at_any_event_gets_what_stands_behind_it(writes in writes()) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        runtime.block_on(holds(writes));
    }
}
