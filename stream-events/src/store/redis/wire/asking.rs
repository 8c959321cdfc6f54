//! Commands for a server that is about to be given a key's slot, each with
//! [ASKING](https://redis.io/docs/latest/commands/asking/) before it, without which it would send us back.

use super::super::super::Fault;
use super::super::faults;
use super::Replies;
use super::scan::{Found, Scan};

const ASKING: &[u8] = b"*1\r\n$6\r\nASKING\r\n";
/// It lasts through a transaction, in which it would be a command like others.
const MULTI: &[u8] = b"*1\r\n$5\r\nMULTI\r\n";
const EXEC: &[u8] = b"*1\r\n$4\r\nEXEC\r\n";

/// Which of the answers are of what was asked.
pub(super) struct Asked(Vec<bool>);

/// The commands as they go out.
pub(super) fn asking(commands: &[u8]) -> (Vec<u8>, Asked) {
    let (mut bytes, mut asked) = (Vec::with_capacity(2 * commands.len()), Vec::new());
    let (mut scan, mut start, mut is_within) = (Scan::default(), 0, false);
    // A command is written as an answer would be.
    while let Ok(Some(Found::Answer(end))) = scan.next(commands) {
        let command = &commands[start..end];
        if !is_within {
            bytes.extend_from_slice(ASKING);
            asked.push(false);
        }
        bytes.extend_from_slice(command);
        asked.push(true);
        is_within = command == MULTI || (is_within && command != EXEC);
        start = end;
    }
    (bytes, Asked(asked))
}

impl Asked {
    /// How many answers there are, those to ASKING included.
    pub(super) fn answers(&self) -> usize {
        self.0.len()
    }

    /// Leaves the answers to ASKING out. Where that was refused, and so we are sent back, its refusal says why.
    pub(super) fn pick(&self, mut replies: Replies) -> Result<Replies, Fault> {
        let mut picked = Vec::with_capacity(replies.rest().len());
        let mut refusal = None;
        for is_asked in &self.0 {
            let answer = replies.take_raw()?;
            match &refusal {
                _ if !is_asked => refusal = answer.starts_with(b"-").then(|| answer.to_vec()),
                Some(refusal) if answer.starts_with(b"-MOVED") => picked.extend_from_slice(refusal),
                _ => picked.extend_from_slice(answer),
            }
        }
        match replies.rest() {
            [] => Ok(Replies::new(picked)),
            _ => Err(faults::unexpected("more answers than commands")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(words: &[&str]) -> String {
        let word = |word: &&str| format!("${}\r\n{word}\r\n", word.len());
        let words_: String = words.iter().map(word).collect();
        format!("*{}\r\n{words_}", words.len())
    }

    #[test]
    fn each_command_is_asked_for_and_a_transaction_once() {
        let [ask, multi, exec] = ["ASKING", "MULTI", "EXEC"].map(|name| command(&[name]));
        let [get, add] = [command(&["GET", "k"]), command(&["XADD", "k\r\n", "EXEC"])];
        let plain = [&get, &multi, &add, &add, &exec, &get].map(String::as_str);
        let expected = [&ask, &get, &ask, &multi, &add, &add, &exec, &ask, &get];
        let expected = expected.map(String::as_str).concat();
        let (bytes, asked) = asking(plain.concat().as_bytes());
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
        assert_eq!(asked.answers(), 9);

        let answers = "+OK\r\n:1\r\n+OK\r\n+2\r\n+3\r\n+4\r\n*1\r\n:5\r\n+OK\r\n$-1\r\n";
        let picked = asked.pick(Replies::new(answers.into())).unwrap();
        let expected = ":1\r\n+2\r\n+3\r\n+4\r\n*1\r\n:5\r\n$-1\r\n";
        assert_eq!(String::from_utf8_lossy(picked.rest()), expected);
        assert!(asked.pick(Replies::new(answers[5..].into())).is_err());

        let (_, asked) = asking(get.as_bytes());
        let answers = "-NOPERM asking\r\n-MOVED 1 a:1\r\n";
        let picked = asked.pick(Replies::new(answers.into())).unwrap();
        assert_eq!(picked.rest(), b"-NOPERM asking\r\n");
    }
}
