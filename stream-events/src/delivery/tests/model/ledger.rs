//! What jobs have emitted, and what became of each of it.

use std::collections::BTreeMap;

use crate::EventId;
use crate::queue::{Draft, Outcome};

#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) by_run: BTreeMap<String, Account>,
    pub(super) emitted: u64,
    pub(super) refused: u64,
    pub(super) delivered: u64,
    pub(super) rejected: u64,
    pub(super) expired: u64,
}

/// One run's.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) key: String,
    /// The types of what was handed over, in their order; each event is marked with its place here.
    pub(super) emitted: Vec<String>,
    /// How many found no room.
    pub(super) refused: u64,
    /// What left the queue, by seq, with its mark if its fields fitted in.
    pub(super) taken: BTreeMap<u64, Option<usize>>,
    pub(super) fates: BTreeMap<u64, Fate>,
    pub(super) end: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Delivered(EventId),
    Dropped,
}

impl Ledger {
    pub(super) fn open(&mut self, run: &str, key: &str) {
        let account = Account {
            key: key.to_owned(),
            ..Account::default()
        };
        self.by_run.insert(run.to_owned(), account);
    }

    /// The mark of the run's next event.
    pub(super) fn mark(&self, run: &str) -> usize {
        self.by_run[run].emitted.len()
    }

    pub(super) fn emit(&mut self, run: &str, event_type: &str, is_taken: bool) {
        let account = self.by_run.get_mut(run).expect("the run is open");
        account.emitted.push(event_type.to_owned());
        account.refused += u64::from(!is_taken);
        self.emitted += 1;
        self.refused += u64::from(!is_taken);
    }

    /// The event has left the queue.
    pub(super) fn take(&mut self, draft: &Draft) {
        let account = self.by_run.get_mut(draft.run.id()).expect("a run of ours");
        let mark = mark(&draft.text);
        let before = account.taken.last_key_value();
        if let Some((seq, earlier)) = before {
            assert!(draft.seq > *seq, "seqs rise");
            assert!(
                mark.is_none() || mark > *earlier,
                "in the order of emission"
            );
        }
        assert!(account.end.is_none(), "{draft:?} comes after its run's end");
        account.taken.insert(draft.seq, mark);
        if draft.ends() {
            account.end = Some(draft.seq);
        }
    }

    pub(super) fn settle(&mut self, draft: &Draft, outcome: &Outcome) {
        let (count, fate) = match outcome {
            Outcome::Delivered(id) => (&mut self.delivered, Fate::Delivered(*id)),
            Outcome::Rejected(_) => (&mut self.rejected, Fate::Dropped),
            Outcome::Expired => (&mut self.expired, Fate::Dropped),
            Outcome::ShutDown { .. } | Outcome::Spooled => panic!("nobody has shut down"),
        };
        *count += 1;
        let account = self.by_run.get_mut(draft.run.id()).expect("a run of ours");
        assert!(
            account.taken.contains_key(&draft.seq),
            "{draft:?} was never taken"
        );
        let before = account.fates.insert(draft.seq, fate);
        assert_eq!(before, None, "{draft:?} is settled twice");
    }
}

fn mark(text: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(text).ok()?;
    let (_, digits) = text.split_once("\"mark\":")?;
    let end = digits.find(|c: char| !c.is_ascii_digit());
    digits[..end.unwrap_or(digits.len())].parse().ok()
}
