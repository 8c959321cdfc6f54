//! A connection that is told which streams change:
//! [`CLIENT TRACKING`](https://redis.io/docs/latest/commands/client-tracking/) of all keys with a
//! prefix. A server says so in RESP3, whichever protocol the URL asks for elsewhere.
//!
//! It says so of what is written, trimmed, deleted, evicted or past its time, also by this connection
//! itself, in any database: one that is told in vain finds nothing new.

use redis::Cmd;

use super::super::changes::Teller;
use super::read::Cursor;

/// From its answer on, nothing that changes is left out.
pub(super) fn command(prefix: &str) -> Cmd {
    let mut command = redis::cmd("CLIENT");
    command.arg("TRACKING").arg("ON");
    command.arg("BCAST").arg("PREFIX").arg(prefix);
    command
}

/// Passes on what the server says unasked, where it is [about keys](
/// https://redis.io/docs/latest/develop/reference/client-side-caching/): `["invalidate", keys]`, with
/// null for all of them after a `FLUSHALL`.
pub(super) fn tell(push: &[u8], teller: &Teller) {
    let mut cursor = Cursor::of(push);
    let is_about_keys = cursor.header(b'>') == Some(2)
        && cursor
            .string()
            .is_some_and(|kind| &push[kind] == b"invalidate");
    if !is_about_keys {
        return;
    }
    let Some(count) = cursor.header(b'*') else {
        return teller.all();
    };
    for _ in 0..count {
        match cursor.string() {
            Some(key) => teller.key(&push[key]),
            None => return teller.all(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::changes::changes;
    use super::*;

    /// What is told: keys, or all.
    async fn told(push: &str) -> Option<(Vec<String>, bool)> {
        let (teller, changes) = changes();
        tell(push.as_bytes(), &teller);
        drop(teller);
        let told = changes.next().await?;
        Some((told.keys().map(str::to_owned).collect(), told.is_all))
    }

    #[tokio::test]
    async fn keys_are_told_and_what_is_none_is_all_of_them() {
        let keys = ">2\r\n$10\r\ninvalidate\r\n*2\r\n$1\r\na\r\n$4\r\nb\r\nc\r\n";
        let expected = vec!["a".to_owned(), "b\r\nc".to_owned()];
        assert_eq!(told(keys).await, Some((expected, false)));
        for all in ["_\r\n", "*-1\r\n", "*1\r\n:1\r\n"] {
            let all = format!(">2\r\n$10\r\ninvalidate\r\n{all}");
            assert_eq!(told(&all).await, Some((vec![], true)), "{all:?}");
        }
        for other in [
            ">2\r\n$7\r\nmessage\r\n$1\r\na\r\n",
            ">1\r\n$10\r\ninvalidate\r\n",
        ] {
            assert_eq!(told(other).await, None, "{other:?}");
        }
    }
}
