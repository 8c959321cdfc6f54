//! A server whose clock is not this machine's.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::TestRedis;

/// A way to a server on which it tells another time. Only what `TIME` answers is changed.
#[derive(Debug)]
pub struct OtherClock {
    port: u16,
    shift: Arc<AtomicI64>,
}

impl OtherClock {
    /// The way to this server, whose clock is this many seconds ahead.
    #[must_use]
    pub fn of(redis: &TestRedis, seconds: i64) -> Self {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let clock = Self {
            port: door.local_addr().unwrap().port(),
            shift: Arc::new(AtomicI64::new(seconds)),
        };
        let (server, shift) = (redis.port(), Arc::clone(&clock.shift));
        std::thread::spawn(move || {
            for client in door.incoming().map_while(Result::ok) {
                if let Ok(server) = TcpStream::connect(("127.0.0.1", server)) {
                    join(client, server, &shift);
                }
            }
        });
        clock
    }

    /// Sets the clock: it jumps.
    pub fn set(&self, seconds: i64) {
        self.shift.store(seconds, Ordering::SeqCst);
    }

    /// The server's URL on this way.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }
}

fn join(client: TcpStream, server: TcpStream, shift: &Arc<AtomicI64>) {
    let (mut from_client, mut to_server) =
        (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || {
        // Either way it is over.
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Both);
    });
    let shift = Arc::clone(shift);
    std::thread::spawn(move || {
        let _ = answers(server, &client, &shift);
        let _ = client.shutdown(Shutdown::Both);
    });
}

fn answers(mut from: TcpStream, mut to: &TcpStream, shift: &AtomicI64) -> io::Result<()> {
    let (mut text, mut piece) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let read = from.read(&mut piece)?;
        if read == 0 {
            return to.write_all(&text);
        }
        text.extend_from_slice(&piece[..read]);
        let whole = rewrite(&mut text, shift.load(Ordering::SeqCst));
        to.write_all(&text[..whole])?;
        text.drain(..whole);
    }
}

/// What an answer to `TIME` begins with: two texts, of which the first has ten digits.
const HEAD: &[u8] = b"*2\r\n$10\r\n";
const DIGITS: usize = 10;

/// Changes the times in it, and says how much of it is whole: at its end one may have begun.
fn rewrite(text: &mut [u8], shift: i64) -> usize {
    let mut at = 0;
    while at < text.len() {
        let rest = &mut text[at..];
        let is_begun = rest.len() < HEAD.len() + DIGITS && is_alike(rest);
        if is_begun {
            return at;
        }
        if is_alike(rest) {
            let digits = &mut rest[HEAD.len()..HEAD.len() + DIGITS];
            let seconds: i64 = std::str::from_utf8(digits).unwrap().parse().unwrap();
            digits.copy_from_slice((seconds + shift).to_string().as_bytes());
            at += HEAD.len() + DIGITS;
        } else {
            at += 1;
        }
    }
    at
}

/// Whether the text is such an answer, as far as it goes.
fn is_alike(text: &[u8]) -> bool {
    let (head, digits) = text.split_at(text.len().min(HEAD.len()));
    HEAD.starts_with(head) && digits.iter().take(DIGITS).all(u8::is_ascii_digit)
}
