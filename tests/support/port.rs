//! Ports for servers, each of one test program alone.

use std::net::{TcpListener, UdpSocket};
use std::ops::Range;
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// Below those that the system gives to clients, each of which would be in the way of a server that starts
/// again on its own.
const PORTS: Range<u16> = 10_000..32_000;
/// So far above its own has a server of a cluster the port at which the others speak to it.
pub(super) const BUS: u16 = 10_000;
/// Tests run beside each other in processes of their own, whose ids follow each other.
const STRIDE: u32 = 101;

/// A port that nothing listens on, and that no other test is given before this program ends: also while its
/// server is down, a client of that server never meets another's there.
#[must_use]
pub fn free_port() -> u16 {
    find(&PORTS, take)
}

/// The same with the port where servers of a cluster speak to each other.
pub(super) fn free_pair() -> u16 {
    let ports = PORTS.start..PORTS.end - BUS;
    find(&ports, |port| take(port) && take(port + BUS))
}

fn find(ports: &Range<u16>, is_good: impl Fn(u16) -> bool) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() * STRIDE) as u16;
    let nth = |_| start.wrapping_add(NEXT.fetch_add(1, Relaxed)) % ports.len() as u16;
    (0..PORTS.len())
        .map(|n| ports.start + nth(n))
        .find(|port| is_good(*port))
        .expect("one of so many ports is free")
}

/// None of our servers speaks UDP: who has that port of a number has the number.
fn take(port: u16) -> bool {
    static TAKEN: Mutex<Vec<UdpSocket>> = Mutex::new(Vec::new());
    let Ok(held) = UdpSocket::bind(("127.0.0.1", port)) else {
        return false;
    };
    let is_free = TcpListener::bind(("127.0.0.1", port)).is_ok();
    if is_free {
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        taken.push(held);
    }
    is_free
}
