//! Answers that are almost what they should be: read off or looked at more closely, they come to the same.

use super::super::{Append, Appended, Fault};
use super::wire::Replies;
use super::{acknowledged, append, read, reply};

/// Numbers that look random, and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most as u64) as usize
    }

    /// The bytes with some of them replaced, left out or there twice.
    fn spoilt(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut spoilt = bytes.to_vec();
        for _ in 0..=self.below(2) {
            let at = self.below(spoilt.len());
            let other = BYTES[self.below(BYTES.len())];
            match self.below(4) {
                0 => spoilt.insert(at, other),
                1 if spoilt.len() > 1 => drop(spoilt.remove(at)),
                2 => {
                    let end = spoilt.len().min(at + 1 + self.below(12));
                    spoilt.extend_from_within(at..end);
                }
                _ => spoilt[at] = other,
            }
        }
        spoilt
    }
}

const BYTES: &[u8] = b"0123456789-+:$*%~|>_#,(!=\r\n\x00\xffa";

const ENTRIES: [&str; 4] = [
    "*0\r\n",
    "*1\r\n*2\r\n$3\r\n7-1\r\n*-1\r\n",
    "*1\r\n*2\r\n$3\r\n7-1\r\n*6\r\n$4\r\ndata\r\n$2\r\n{}\r\n$9\r\ntimestamp\r\n$0\r\n\r\n$10\r\nevent_type\r\n$1\r\nt\r\n",
    "*2\r\n*2\r\n$3\r\n7-1\r\n*2\r\n$1\r\na\r\n$0\r\n\r\n*2\r\n$4\r\n7-12\r\n*4\r\n$1\r\nb\r\n$3\r\n\r\n\"\r\n$1\r\na\r\n$1\r\nx\r\n",
];

/// The first answer of what a server says, as the driver passes it on.
fn whole(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut replies = Replies::new(bytes.to_vec());
    replies.take_raw().ok().map(<[u8]>::to_vec)
}

#[test]
fn entries_are_the_same_however_they_are_read() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for n in 0..20_000 {
        let spoilt = dice.spoilt(ENTRIES[n % ENTRIES.len()].as_bytes());
        let Some(answer) = whole(&spoilt) else {
            continue;
        };
        let read = read::entries(Replies::new(answer.clone()));
        let value = Replies::new(answer.clone()).only();
        let looked_at = value.and_then(reply::entries);
        match (read, looked_at) {
            (Ok(read), Ok(looked_at)) => assert_eq!(read, looked_at),
            (Err(_), Err(_)) => {}
            (read, looked_at) => panic!(
                "{:?}: {read:?}, {looked_at:?}",
                String::from_utf8_lossy(&answer)
            ),
        }
    }
}

/// Without the short way.
fn looked_at(append: &Append, bytes: Vec<u8>) -> Result<Appended, Fault> {
    let mut replies = Replies::new(bytes);
    let answers = (0..append::answers(append)).map(|_| replies.take());
    reply::appended(append, answers.collect::<Result<_, _>>()?)
}

#[test]
fn what_became_of_an_append_is_the_same_however_it_is_read() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let three = "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n$3\r\n7-0\r\n$3\r\n7-1\r\n:1\r\n";
    for (append, answers) in [
        (acknowledged::tests::append(1, false), "$3\r\n7-0\r\n"),
        (acknowledged::tests::append(0, true), ":1\r\n"),
        (acknowledged::tests::append(2, true), three),
    ] {
        for _ in 0..10_000 {
            let spoilt = dice.spoilt(answers.as_bytes());
            let read = acknowledged::take(&append, &mut Replies::new(spoilt.clone()));
            let looked_at = looked_at(&append, spoilt.clone());
            let told = String::from_utf8_lossy(&spoilt).into_owned();
            match (read, looked_at) {
                (Ok(read), Ok(looked_at)) => assert_eq!(read, looked_at, "{told:?}"),
                (Err(_), Err(_)) => {}
                (read, looked_at) => panic!("{told:?}: {read:?}, {looked_at:?}"),
            }
        }
    }
}
