//! What is sent at a time.

use std::time::Instant;

use super::leases::Leases;
use super::spooling::Spooling;
use crate::delivery::{BatchId, Command, Delivery};
use crate::queue::Queue;

#[derive(Default)]
pub(super) struct Request {
    pub(super) commands: Vec<(BatchId, Command)>,
    /// When something was taken from the queue, if anything was.
    pub(super) last_event: Option<Instant>,
}

/// How many requests are on their way at once, and what one has at most, or little more: it has to be
/// through before its answer is late, also where the network is slow.
pub(super) const REQUESTS: usize = 4;
const BATCHES: usize = 128;
const BYTES: usize = 512 * 1024;

impl Request {
    /// What delivery has to send, then what waits in the queue.
    pub(super) fn fill(
        delivery: &mut Delivery,
        queue: &Queue,
        leases: &mut Leases,
        spooling: &mut Spooling,
    ) -> Self {
        let (mut commands, mut bytes) = (Vec::new(), 0);
        let mut last_event = None;
        while commands.len() < BATCHES && bytes < BYTES {
            if let Some((id, command)) = delivery.next_command() {
                bytes += command.size();
                commands.push((id, command));
                continue;
            }
            if delivery.holds() {
                break;
            }
            let now = Instant::now();
            let Some(mut taken) = queue.take(now) else {
                break;
            };
            last_event = Some(now);
            leases.begin(&taken.events);
            spooling.begin(&mut taken.events);
            delivery.accept(taken, now);
        }
        Self {
            commands,
            last_event,
        }
    }
}
