//! What has to hold: of each answer, after each step, and in the end.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::{Account, Fate};
use super::server::{BREAKS, MUTES};
use super::world::World;
use crate::Event;
use crate::queue::{Draft, Outcome};

/// What is said of an event is so.
pub(super) fn is_true(world: &World, draft: &Draft, outcome: &Outcome) {
    let (key, run) = (&*draft.run.lane.key, draft.run.id());
    let server = &world.server;
    let stands = |event: &Event| event.run() == Some(run) && event.seq() == Some(draft.seq);
    match outcome {
        Outcome::Delivered(id) => {
            let is_there = server
                .events(key)
                .any(|event| event.id() == *id && stands(event));
            let was_there = server.losses.may_lack(key, *id) || server.losses.has_lost(key, *id);
            assert!(
                is_there || was_there,
                "{draft:?} is not at {id}, nor was it"
            );
        }
        Outcome::Rejected(_) | Outcome::Expired => {
            // What was deleted may be there again when it is told, after the server went back, or
            // where the name leads to another.
            let is_restored = server.epoch + server.moves > 0 && server.deleted.contains(key);
            let is_late = server.late.contains(&(run.to_owned(), draft.seq));
            let may_be = is_late || is_restored || world.shared.contains(key);
            let is_there = server.events(key).any(stands);
            assert!(may_be || !is_there, "{draft:?} is dropped and stands there");
        }
        Outcome::ShutDown { .. } | Outcome::Spooled => panic!("nobody has shut down"),
    }
}

/// What holds at every moment.
pub(super) fn hold(world: &World) {
    count(world);
    let server = &world.server;
    for key in server.streams.keys() {
        // Where the store chooses the ids, they begin anew on a stream that was deleted, and of two
        // copies on one that is full the first may be trimmed in part.
        let is_shared = world.shared.contains(key);
        // So may what was refused alone, and is sent again with all of a batch whose answer was lost.
        let is_torn = server.torn.contains(key);
        let is_gappy = server.losses.was_full(key) || server.deleted.contains(key) || is_torn;
        let may_hide = is_shared && is_gappy;
        if may_hide || server.muddled.contains(key) {
            continue;
        }
        if is_shared || server.foreign.contains(key) {
            read(world, key);
        } else {
            raw(world, key);
        }
    }
}

/// What holds when all is well again and nothing is left to do.
pub(super) fn hold_in_the_end(world: &World) {
    hold(world);
    let stats = world.core.queue.counters.stats();
    assert_eq!(
        (stats.pending, world.delivery.open()),
        (0, 0),
        "all is settled"
    );
    assert!(world.core.queue.is_empty(), "nothing waits");
    assert_eq!(world.core.queue.used(), 0, "all room is free");
    let mut missing = 0;
    for (run, account) in &world.ledger.by_run {
        missing += holes(account);
        stand(world, run, account);
    }
    let never_left = stats.dropped.expired - world.ledger.expired;
    let refused = stats.dropped.queue_full;
    assert_eq!(
        missing + untold(world),
        refused + never_left,
        "each hole is counted"
    );
}

/// The counters say what the ledger says.
fn count(world: &World) {
    let stats = world.core.queue.counters.stats();
    let ledger = &world.ledger;
    assert_eq!(stats.emitted, ledger.emitted);
    assert_eq!(
        stats.dropped.queue_full + stats.dropped.after_end,
        ledger.refused
    );
    assert_eq!(stats.delivered, ledger.delivered);
    assert_eq!(stats.dropped.rejected, ledger.rejected);
    let taken: usize = ledger
        .by_run
        .values()
        .map(|account| account.taken.len())
        .sum();
    let settled = ledger.delivered + ledger.rejected + ledger.expired;
    assert!(
        settled + stats.pending >= taken as u64,
        "what is taken is pending until it is settled"
    );
    let sum = stats.delivered + stats.coalesced + stats.dropped.total() + stats.pending;
    assert_eq!(stats.emitted, sum);
}

/// A stream that one process writes: each run's seqs rise, and each event is what was emitted.
fn raw(world: &World, key: &str) {
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    for event in world.server.events(key) {
        let (Some(run), Some(seq)) = (event.run(), event.seq()) else {
            panic!("{event} is none of ours");
        };
        is_emitted(world, event);
        if let Some(before) = last.insert(run, seq) {
            assert!(before < seq, "{event} comes after {before}");
        }
    }
}

/// A stream with several writers: a reader, who leaves out what comes again, gets all that was
/// delivered.
fn read(world: &World, key: &str) {
    let mut next: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut there, mut read) = (BTreeSet::new(), BTreeSet::new());
    for event in world.server.events(key) {
        let (Some(run), Some(seq)) = (event.run(), event.seq()) else {
            continue;
        };
        is_emitted(world, event);
        let fate = world.ledger.by_run[run].fates.get(&seq);
        if fate == Some(&Fate::Delivered(event.id())) {
            there.insert((run, seq));
        }
        let next = next.entry(run).or_default();
        if seq >= *next {
            *next = seq + 1;
            read.insert((run, seq));
        }
    }
    let hidden: Vec<_> = there.difference(&read).collect();
    assert!(hidden.is_empty(), "{hidden:?} come after later ones");
}

fn is_emitted(world: &World, event: &Event) {
    let (run, seq) = (
        event.run().unwrap_or_default(),
        event.seq().unwrap_or_default(),
    );
    let account = &world.ledger.by_run[run];
    let mark = account.taken.get(&seq);
    let mark = mark.unwrap_or_else(|| panic!("{event} has never left the queue"));
    if let Some(mark) = mark {
        assert_eq!(event.field("mark").unwrap(), Some(*mark), "{event}");
        assert_eq!(
            event.event_type().as_str(),
            account.emitted[*mark],
            "{event}"
        );
    }
}

/// How many seqs a run has left out.
fn holes(account: &Account) -> u64 {
    let seqs = account.end.map_or(0, |end| end + 1);
    seqs - account.taken.len() as u64
}

/// Runs that never got as far as a start.
fn untold(world: &World) -> u64 {
    world.runs.iter().filter(|run| run.is_none()).count() as u64
}

/// What was delivered stands there, once, unless it was trimmed or deleted, or lost for good; and so
/// does the end.
fn stand(world: &World, run: &str, account: &Account) {
    let key = &account.key;
    assert_eq!(
        account.fates.len(),
        account.taken.len(),
        "each has its fate"
    );
    let end = account.end.expect("each run was ended");
    assert_eq!(
        account.taken.last_key_value().map(|(seq, _)| *seq),
        Some(end)
    );
    let comes_back = world.setup.tells_epoch && world.setup.replay_bytes > 1 << 16;
    // What has broken connection after connection is not replayed for ever.
    let others = world
        .ledger
        .by_run
        .values()
        .filter(|other| other.key == *key);
    // And what is taken one by one comes to stand beside it.
    let is_torn = world.server.denies_transactions || world.setup.denies_transactions;
    let mutes = others
        .flat_map(|other| &other.emitted)
        .any(|event_type| event_type == MUTES || (is_torn && event_type == BREAKS));
    for (seq, fate) in &account.fates {
        let Fate::Delivered(id) = fate else { continue };
        let is_lost = (!comes_back || mutes) && world.server.losses.has_lost(key, *id);
        let is_gone = is_lost || world.server.losses.may_lack(key, *id);
        let stands = |event: &Event| event.run() == Some(run) && event.seq() == Some(*seq);
        // Where another has written to the stream since it was lost, it is elsewhere.
        let has_moved =
            || world.server.foreign.contains(key) && world.server.events(key).any(stands);
        let is_there = world.server.has(key, *id) || has_moved();
        assert!(
            is_there || is_gone,
            "{seq} of {run} was acknowledged and is lost"
        );
    }
}
