//! How events are written: the commands of an append.

use std::sync::Arc;

use super::super::{Append, NewEntry};
use super::resp::{Ids, Labelled, Resp};
use super::seconds;

/// The commands of all, as they go out, and how many answers they get.
pub(super) fn commands(batch: &[Arc<Append>]) -> (Vec<u8>, usize) {
    let mut resp = Resp::with_capacity(batch.iter().map(|append| size(append)).sum());
    let mut writer = EntryWriter::new();
    for append in batch {
        add(&mut resp, append, &mut writer);
    }
    let answers = batch.iter().map(|append| answers(append)).sum();
    (resp.into_bytes(), answers)
}

/// [XADD](https://redis.io/docs/latest/commands/xadd/) for each entry and
/// [EXPIRE](https://redis.io/docs/latest/commands/expire/); more than one command in a
/// [transaction](https://redis.io/docs/latest/develop/using-commands/transactions/), so that a
/// batch is never half applied.
fn add(resp: &mut Resp, append: &Append, writer: &mut EntryWriter) {
    let transaction = is_transaction(append);
    if transaction {
        resp.command(1).word(b"MULTI");
    }
    let head = head(append);
    for entry in &append.entries {
        resp.raw(&head);
        writer.add(resp, entry);
    }
    if let Some(after) = append.expire {
        resp.command(3).word(b"EXPIRE").word(append.key.as_bytes());
        resp.number(seconds(after));
    }
    if transaction {
        resp.command(1).word(b"EXEC");
    }
}

/// What all its entries' commands begin with.
fn head(append: &Append) -> Vec<u8> {
    let mut head = Resp::with_capacity(append.key.len() + AROUND);
    head.command(ARGUMENTS).word(b"XADD");
    head.word(append.key.as_bytes());
    head.word(b"MAXLEN").word(b"~").number(append.max_len);
    head.into_bytes()
}

/// The command of an entry for a stream that is there: it is not made where it is not, which servers know
/// from 6.2 on.
pub(super) fn extension(key: &str, entry: &NewEntry) -> Vec<u8> {
    let mut resp = Resp::default();
    resp.command(ARGUMENTS - 2).word(b"XADD");
    resp.word(key.as_bytes()).word(b"NOMKSTREAM");
    EntryWriter::new().add(&mut resp, entry);
    resp.into_bytes()
}

/// Writes entries, each much like the one before.
struct EntryWriter {
    ids: Ids,
    fields: [Labelled; 3],
}

impl EntryWriter {
    fn new() -> Self {
        Self {
            ids: Ids::new(),
            fields: LABELS.map(Labelled::new),
        }
    }

    fn add(&mut self, resp: &mut Resp, entry: &NewEntry) {
        match entry.id {
            Some(id) => resp.raw(self.ids.word(id)),
            None => resp.word(b"*"),
        };
        for (field, value) in self.fields.iter_mut().zip(entry.values.each()) {
            field.add_to(resp, value);
        }
    }
}

/// The names of [`FIELDS`](crate::event::FIELDS), as words.
const LABELS: [&[u8]; 3] = [
    b"$4\r\ndata\r\n",
    b"$9\r\ntimestamp\r\n",
    b"$10\r\nevent_type\r\n",
];

/// Of an XADD: how many words it has, and how many bytes those that are alike for all may have, with what
/// stands around each.
const ARGUMENTS: usize = 12;
const AROUND: usize = 192;

/// Of all commands, about.
fn size(append: &Append) -> usize {
    let each = append.key.len() + AROUND;
    let entries = append.entries.iter().map(|entry| each + entry.size());
    entries.sum::<usize>() + each
}

pub(super) fn is_transaction(append: &Append) -> bool {
    append.entries.len() + usize::from(append.expire.is_some()) > 1
}

/// How many answers it gets.
pub(super) fn answers(append: &Append) -> usize {
    let own = append.entries.len() + usize::from(append.expire.is_some());
    if is_transaction(append) { own + 2 } else { own }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventId;
    use crate::event::Values;
    use std::time::Duration;

    fn append(entries: usize, expire: Option<Duration>) -> Arc<Append> {
        let entry = |n| NewEntry {
            id: Some(EventId::new(1_764_000_000_000, n)),
            values: Values::new(
                b"{}".to_vec(),
                b"2025-11-24T16:00:00.000000+00:00",
                "task_progress",
            ),
        };
        let entries = (0..entries as u64).map(entry).collect();
        Arc::new(Append {
            key: "job_events:job_001".into(),
            entries,
            max_len: 10_000,
            expire,
        })
    }

    fn resp(commands: &[&str]) -> String {
        let word = |word: &str| format!("${}\r\n{word}\r\n", word.len());
        let command = |line: &&str| {
            let words: Vec<_> = line.split(' ').collect();
            format!(
                "*{}\r\n{}",
                words.len(),
                words.into_iter().map(word).collect::<String>()
            )
        };
        commands.iter().map(command).collect()
    }

    const FIELDS: &str =
        "data {} timestamp 2025-11-24T16:00:00.000000+00:00 event_type task_progress";

    #[test]
    fn one_event_is_one_command_of_three_fields_in_order() {
        let (packed, answers) = commands(&[append(1, None)]);
        assert_eq!(answers, 1);
        let xadd = format!("XADD job_events:job_001 MAXLEN ~ 10000 1764000000000-0 {FIELDS}");
        assert_eq!(String::from_utf8(packed).unwrap(), resp(&[&xadd]));
    }

    #[test]
    fn labels_are_the_fields() {
        for (label, field) in LABELS.iter().zip(crate::event::FIELDS) {
            let mut word = Resp::default();
            word.word(field.as_bytes());
            assert_eq!(*label, word.into_bytes());
        }
    }

    #[test]
    fn what_is_to_extend_a_stream_does_not_make_it() {
        let packed = extension("k", &append(1, None).entries[0]);
        let xadd = format!("XADD k NOMKSTREAM 1764000000000-0 {FIELDS}");
        assert_eq!(String::from_utf8(packed).unwrap(), resp(&[&xadd]));
    }

    #[test]
    fn several_commands_of_one_job_are_a_transaction() {
        let batch = [
            append(2, Some(Duration::from_secs(604_800))),
            append(1, None),
        ];
        let (packed, answers) = commands(&batch);
        assert_eq!(answers, 6);
        let xadd = |n| format!("XADD job_events:job_001 MAXLEN ~ 10000 1764000000000-{n} {FIELDS}");
        let expected = [
            "MULTI",
            &xadd(0),
            &xadd(1),
            "EXPIRE job_events:job_001 604800",
            "EXEC",
            &xadd(0),
        ];
        assert_eq!(String::from_utf8(packed).unwrap(), resp(&expected));
    }
}
