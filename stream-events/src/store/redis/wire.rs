//! A connection to a server, and what is asked on it: bytes that are commands, for bytes that are the
//! answers.
//!
//! Events are written and acknowledged without a value being built for each of their words, which is
//! most of what a client costs. What stands around them (the URL, the greeting, answers that are no
//! matter of speed) is the `redis` crate's.

mod driver;
mod replies;
mod scan;
mod socket;
#[cfg(test)]
mod tests;

use std::time::Duration;

use redis::{Cmd, Pipeline};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::super::changes::Teller;
use super::super::{Class, Fault};
use driver::{Driver, Request};
pub(super) use replies::Replies;
pub(super) use socket::{Socket, open};

/// A handle of one connection, which is never repaired: after a [`Connection`](Class::Connection) fault
/// it is dropped. What is asked goes out in the order of the calls.
#[derive(Clone)]
pub(super) struct Wire {
    requests: mpsc::UnboundedSender<Request>,
    /// How long an answer may take.
    wait: Duration,
}

impl Wire {
    /// Of a socket whose server has greeted; it belongs to the runtime that this is called in.
    pub(super) fn new(socket: Box<dyn Socket>, wait: Duration) -> Self {
        Self::telling(socket, wait, None)
    }

    /// The same, and passes on which keys the server says have changed.
    pub(super) fn telling(socket: Box<dyn Socket>, wait: Duration, teller: Option<Teller>) -> Self {
        let (requests, asked) = mpsc::unbounded_channel();
        tokio::spawn(Driver::new(socket, asked, teller).run());
        Self { requests, wait }
    }

    /// Sends the command now, for one answer.
    pub(super) fn ask(
        &self,
        command: &Cmd,
    ) -> impl Future<Output = Result<Replies, Fault>> + use<> {
        self.send(command.get_packed_command(), 1)
    }

    /// Sends them now, for an answer to each.
    pub(super) fn ask_all(
        &self,
        commands: &Pipeline,
    ) -> impl Future<Output = Result<Replies, Fault>> + use<> {
        self.send(commands.get_packed_pipeline(), commands.len())
    }

    /// Sends commands as they stand, for so many answers. What is cancelled is answered all the same, and
    /// that is let go.
    pub(super) fn send(
        &self,
        commands: Vec<u8>,
        answers: usize,
    ) -> impl Future<Output = Result<Replies, Fault>> + use<> {
        let (tell, told) = oneshot::channel();
        let request = Request {
            commands,
            answers,
            tell,
        };
        // One that is not taken any more is dropped, which tells us so.
        let _ = self.requests.send(request);
        let until = Instant::now() + self.wait;
        // The last handle closes the connection.
        let handle = self.clone();
        async move {
            let told = timeout_at(until, told).await;
            drop(handle);
            match told {
                Ok(Ok(answered)) => answered,
                Ok(Err(_)) => Err(Fault::new(Class::Connection, "the connection is closed")),
                Err(_) => Err(Fault::new(Class::Connection, "no answer in time")),
            }
        }
    }
}
