//! Memory that events have used, for those that come next. It is taken on the threads of jobs and given
//! back on the worker's, which is what an allocator is slowest at.
//!
//! A thread goes to the shelf of all once for many events. It never waits there: a lock that is not free
//! may be held by a thread that a fork does not have.

use std::cell::RefCell;
use std::sync::Mutex;

use super::fields::Member;

/// What one thread has at hand.
struct Hand {
    texts: Vec<Vec<u8>>,
    members: Vec<Vec<Member>>,
}

thread_local! {
    static HAND: RefCell<Hand> = const {
        RefCell::new(Hand { texts: Vec::new(), members: Vec::new() })
    };
}

static SHELF: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// So many texts are fetched, or put there, at a time.
const HANDFUL: usize = 32;
/// On the shelf. With [`MOST_BYTES`] each that is 1 MiB for the process.
const MOST_TEXTS: usize = 2048;
/// What had room for more is let go: a queue counts what is written, and that has about as much to spare
/// around each event.
const MOST_BYTES: usize = 512;
/// Of an event of a thread's, and of one within that.
const MOST_MEMBERS: usize = 4;
/// What fields, and what stands around them, mostly need.
const COMMON_BYTES: usize = 256;
const COMMON_MEMBERS: usize = 8;

/// An empty text.
pub(super) fn text() -> Vec<u8> {
    let used = with_hand(|hand| {
        if hand.texts.is_empty() {
            fetch(&mut hand.texts);
        }
        hand.texts.pop()
    });
    used.unwrap_or_else(|| Vec::with_capacity(COMMON_BYTES))
}

/// No members.
pub(super) fn members() -> Vec<Member> {
    let used = with_hand(|hand| hand.members.pop());
    used.unwrap_or_else(|| Vec::with_capacity(COMMON_MEMBERS))
}

/// Is of no more use here.
pub(crate) fn give_text(mut text: Vec<u8>) {
    if (1..=MOST_BYTES).contains(&text.capacity()) {
        text.clear();
        with_hand(|hand| {
            hand.texts.push(text);
            if hand.texts.len() >= 2 * HANDFUL {
                put(&mut hand.texts);
            }
            Some(())
        });
    }
}

pub(super) fn give_members(mut members: Vec<Member>) {
    members.clear();
    with_hand(|hand| {
        let has_room = hand.members.len() < MOST_MEMBERS && members.capacity() <= 64;
        has_room.then(|| hand.members.push(members))
    });
}

/// None at the end of the thread, and while it is at it: an allocator of the user's own may emit.
fn with_hand<R>(act: impl FnOnce(&mut Hand) -> Option<R>) -> Option<R> {
    let with = |hand: &RefCell<Hand>| act(&mut *hand.try_borrow_mut().ok()?);
    HAND.try_with(with).ok().flatten()
}

fn fetch(texts: &mut Vec<Vec<u8>>) {
    if let Ok(mut shelf) = SHELF.try_lock() {
        let from = shelf.len().saturating_sub(HANDFUL);
        texts.extend(shelf.drain(from..));
    }
}

fn put(texts: &mut Vec<Vec<u8>>) {
    let from = texts.len() - HANDFUL;
    if let Ok(mut shelf) = SHELF.try_lock()
        && shelf.len() < MOST_TEXTS
    {
        shelf.extend(texts.drain(from..));
    }
    texts.truncate(from);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_thread_gives_back_another_takes() {
        let is_taken = || {
            for _ in 0..2 * HANDFUL {
                let mut text = Vec::with_capacity(MOST_BYTES - 1);
                text.push(b'x');
                give_text(text);
            }
            let taken = std::thread::spawn(|| {
                let of_ours = |text: &Vec<u8>| text.is_empty() && text.capacity() == MOST_BYTES - 1;
                (0..HANDFUL).map(|_| text()).any(|text| of_ours(&text))
            });
            taken.join().unwrap()
        };
        // Other tests of the process may be at the shelf just then, and take some, or leave theirs.
        assert!((0..1000).any(|_| is_taken()));
    }

    #[test]
    fn what_is_large_is_let_go() {
        while with_hand(|hand| hand.texts.pop()).is_some() {}
        give_text(Vec::with_capacity(MOST_BYTES + 1));
        give_text(Vec::new());
        assert_eq!(with_hand(|hand| hand.texts.pop()), None);
    }
}
