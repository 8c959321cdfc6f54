//! A small history in which all is well, and what is done to it.

use std::collections::BTreeMap;

use stream_events::EventId;

use crate::evidence::{CLEAN, Evidence, Found, Life, Seen, View};
use crate::history::{Counts, Line, Mark, What};

const JOB: &str = "job_a";
const RUN: &str = "run_a";
const TOKEN: &str = "token-a";
const KINDS: [&str; 4] = ["task_started", "row", "row", "task_completed"];

/// One process with one run of four events, all of them delivered and seen.
pub(super) fn good() -> Evidence {
    let marks = (0..)
        .zip(KINDS)
        .map(|(index, kind)| Mark::new(TOKEN, kind, index));
    let emits = marks.map(|mark| What::Emits {
        job: JOB.to_owned(),
        awaits: false,
        mark,
    });
    let token = TOKEN.to_owned();
    let counts = Counts {
        complete: true,
        emitted: 4,
        delivered: 4,
        ..Counts::default()
    };
    let after = [
        What::Done { token },
        What::Flushes {
            number: 1,
            token: None,
        },
        What::Flushed { number: 1, counts },
        What::Leaves {
            how: CLEAN.to_owned(),
        },
    ];
    let lines = emits.chain(after).map(|what| Line { at: 1000, what });
    let life = Life {
        name: "producer 0".to_owned(),
        lines: lines.collect(),
        stops: Vec::new(),
        ended: 10_000,
    };
    let events = (0..)
        .zip(KINDS)
        .map(|(seq, kind)| found(seq, Some(seq), kind));
    let events: Vec<_> = events.collect();
    let mut evidence = Evidence {
        lives: vec![life],
        streams: BTreeMap::from([(JOB.to_owned(), events)]),
        most_memory: 1_000_000,
        ..Evidence::default()
    };
    see(&mut evidence);
    evidence
}

fn found(n: u64, seq: Option<u64>, kind: &str) -> Found {
    Found {
        id: EventId::new(1, n),
        run: RUN.to_owned(),
        seq,
        kind: kind.to_owned(),
        token: (kind == "task_started").then(|| TOKEN.to_owned()),
        index: seq.filter(|_| kind == "row"),
        coalesced: 0,
        is_cut: false,
    }
}

/// The reader sees what is there.
fn see(evidence: &mut Evidence) {
    let events = evidence.streams[JOB].iter().cloned();
    evidence.views = vec![View {
        job: JOB.to_owned(),
        seen: events.map(Seen::Event).collect(),
        is_whole: true,
    }];
}

pub(super) fn counts(evidence: &mut Evidence) -> &mut Counts {
    let lines = evidence.lives[0].lines.iter_mut();
    let counts = lines.filter_map(|line| match &mut line.what {
        What::Flushed { counts, .. } => Some(counts),
        _ => None,
    });
    counts.last().unwrap()
}

/// The process notes something before it leaves.
pub(super) fn says(evidence: &mut Evidence, at: u64, what: What) {
    let lines = &mut evidence.lives[0].lines;
    lines.insert(lines.len() - 1, Line { at, what });
}

/// The first row found no room, and the reader was told.
pub(super) fn drop_row(evidence: &mut Evidence) {
    evidence.streams.get_mut(JOB).unwrap().remove(1);
    evidence.views[0].seen[1] = Seen::Gap {
        run: RUN.to_owned(),
        first: 1,
        count: 1,
    };
    let counts = counts(evidence);
    (counts.delivered, counts.dropped) = (3, 1);
}

/// The process was killed before the run's end.
pub(super) fn kill(evidence: &mut Evidence) {
    evidence.lives[0].lines.truncate(3);
    evidence.streams.get_mut(JOB).unwrap().pop();
    see(evidence);
}

pub(super) fn declare_lost(evidence: &mut Evidence) {
    let stream = evidence.streams.get_mut(JOB).unwrap();
    let n = stream.last().unwrap().id.n() + 1;
    stream.push(found(n, None, "task_failed"));
    see(evidence);
}

/// Between the rows the run was declared lost, and went on.
pub(super) fn lost_and_back(evidence: &mut Evidence) {
    let stream = evidence.streams.get_mut(JOB).unwrap();
    let lost = found(2, None, "task_failed");
    stream.splice(2..2, [lost, found(3, Some(2), "task_resumed")]);
    for (n, event) in (0..).zip(stream).skip(4) {
        event.id = EventId::new(1, n);
        event.seq = Some(n - 1);
    }
    see(evidence);
    let counts = counts(evidence);
    (counts.emitted, counts.delivered) = (5, 5);
}

/// That it went on found no room.
pub(super) fn drop_resumed(evidence: &mut Evidence) {
    let stream = evidence.streams.get_mut(JOB).unwrap();
    stream.retain(|event| event.kind != "task_resumed");
    see(evidence);
    let gap = Seen::Gap {
        run: RUN.to_owned(),
        first: 2,
        count: 1,
    };
    evidence.views[0].seen.insert(3, gap);
    let counts = counts(evidence);
    (counts.emitted, counts.delivered, counts.dropped) = (5, 4, 1);
}
