//! A Redis server as a store: the only place that names a Redis command.

mod connect;
mod reply;

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, Value};

use super::{Append, Appended, BoxFuture, Connection, Fault, NewEntry, StreamInfo};
use crate::EventId;
use crate::event::{Entry, FIELDS};

pub(super) use connect::open;

/// A multiplexed connection. It is never repaired: after a [`Connection`](super::Class::Connection)
/// fault it is dropped.
struct Link(MultiplexedConnection);

impl Connection for Link {
    fn append(&self, batch: Vec<Arc<Append>>) -> BoxFuture<'static, Result<Vec<Appended>, Fault>> {
        let mut connection = self.0.clone();
        Box::pin(async move {
            let commands = pipeline(&batch);
            let replies = connection
                .send_packed_commands(&commands, 0, commands.len())
                .await;
            let mut replies = replies.map_err(|error| reply::fault(&error))?.into_iter();
            batch
                .iter()
                .map(|append| reply::appended(append, &mut replies))
                .collect()
        })
    }

    /// [XRANGE](https://redis.io/docs/latest/commands/xrange/)
    fn range(
        &self,
        key: &str,
        from: EventId,
        to: EventId,
        count: usize,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>> {
        let mut command = redis::cmd("XRANGE");
        command
            .arg(key)
            .arg(from.to_string())
            .arg(to.to_string())
            .arg("COUNT")
            .arg(count);
        let reply = self.ask(command);
        Box::pin(async move { reply::entries(reply.await?) })
    }

    /// [XREAD](https://redis.io/docs/latest/commands/xread/)
    fn read(
        &self,
        key: &str,
        after: EventId,
        count: usize,
        wait: Duration,
    ) -> BoxFuture<'static, Result<Vec<Entry>, Fault>> {
        // A block of 0 would wait for ever.
        let wait = wait.as_millis().max(1) as u64;
        let mut command = redis::cmd("XREAD");
        command
            .arg("COUNT")
            .arg(count)
            .arg("BLOCK")
            .arg(wait)
            .arg("STREAMS")
            .arg(key)
            .arg(after.to_string());
        let reply = self.ask(command);
        Box::pin(async move { reply::first_stream(reply.await?) })
    }

    /// [XINFO STREAM](https://redis.io/docs/latest/commands/xinfo-stream/)
    fn info(&self, key: &str) -> BoxFuture<'static, Result<Option<StreamInfo>, Fault>> {
        let mut command = redis::cmd("XINFO");
        command.arg("STREAM").arg(key);
        let reply = self.ask(command);
        Box::pin(async move { reply::info(reply.await) })
    }
}

impl Link {
    fn ask(&self, command: Cmd) -> BoxFuture<'static, Result<Value, Fault>> {
        let mut connection = self.0.clone();
        Box::pin(async move {
            let value = connection
                .send_packed_command(&command)
                .await
                .map_err(|error| reply::fault(&error))?;
            reply::checked(value)
        })
    }
}

fn pipeline(batch: &[Arc<Append>]) -> Pipeline {
    let mut commands =
        Pipeline::with_capacity(batch.iter().map(|append| command_count(append)).sum());
    for append in batch {
        add(&mut commands, append);
    }
    commands
}

/// [XADD](https://redis.io/docs/latest/commands/xadd/) for each entry and
/// [EXPIRE](https://redis.io/docs/latest/commands/expire/); more than one command in a
/// [transaction](https://redis.io/docs/latest/develop/using-commands/transactions/), so that a
/// batch is never half applied.
fn add(commands: &mut Pipeline, append: &Append) {
    let transaction = is_transaction(append);
    if transaction {
        commands.cmd("MULTI");
    }
    for entry in &append.entries {
        commands.add_command(xadd(append, entry));
    }
    if let Some(after) = append.expire {
        commands
            .cmd("EXPIRE")
            .arg(&*append.key)
            .arg(after.as_secs().clamp(1, LONGEST_EXPIRY));
    }
    if transaction {
        commands.cmd("EXEC");
    }
}

fn xadd(append: &Append, entry: &NewEntry) -> Cmd {
    let mut command = redis::cmd("XADD");
    command
        .arg(&*append.key)
        .arg("MAXLEN")
        .arg("~")
        .arg(append.max_len);
    match entry.id {
        Some(id) => command.arg(id.to_string()),
        None => command.arg("*"),
    };
    for (name, value) in FIELDS.iter().zip(&entry.values) {
        command.arg(name).arg(value);
    }
    command
}

fn is_transaction(append: &Append) -> bool {
    append.entries.len() + usize::from(append.expire.is_some()) > 1
}

fn command_count(append: &Append) -> usize {
    let own = append.entries.len() + usize::from(append.expire.is_some());
    if is_transaction(append) { own + 2 } else { own }
}

/// A hundred years: of a time that overflows its clock the server makes an error.
const LONGEST_EXPIRY: u64 = 100 * 365 * 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn append(entries: usize, expire: Option<Duration>) -> Arc<Append> {
        let entry = |n| NewEntry {
            id: Some(EventId::new(1_764_000_000_000, n)),
            values: [
                b"{}".to_vec(),
                b"2025-11-24T16:00:00.000000+00:00".to_vec(),
                b"task_progress".to_vec(),
            ],
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
        let packed = pipeline(&[append(1, None)]).get_packed_pipeline();
        let xadd = format!("XADD job_events:job_001 MAXLEN ~ 10000 1764000000000-0 {FIELDS}");
        assert_eq!(String::from_utf8(packed).unwrap(), resp(&[&xadd]));
    }

    #[test]
    fn several_commands_of_one_job_are_a_transaction() {
        let batch = [
            append(2, Some(Duration::from_secs(604_800))),
            append(1, None),
        ];
        let commands = pipeline(&batch);
        assert_eq!(
            commands.len(),
            batch
                .iter()
                .map(|append| command_count(append))
                .sum::<usize>()
        );
        let xadd = |n| format!("XADD job_events:job_001 MAXLEN ~ 10000 1764000000000-{n} {FIELDS}");
        let expected = [
            "MULTI",
            &xadd(0),
            &xadd(1),
            "EXPIRE job_events:job_001 604800",
            "EXEC",
            &xadd(0),
        ];
        assert_eq!(
            String::from_utf8(commands.get_packed_pipeline()).unwrap(),
            resp(&expected)
        );
    }
}
