//! A connection to a server, and what is asked on it: bytes that are commands, for bytes that are the
//! answers.
//!
//! Events are written and acknowledged without a value being built for each of their words, which is
//! most of what a client costs. What stands around them (the URL, the greeting, answers that are no
//! matter of speed) is the `redis` crate's.

#[cfg(feature = "cluster")]
mod asking;
mod driver;
mod pulse;
mod replies;
mod scan;
mod socket;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, Pipeline};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

#[cfg(feature = "sentinel")]
use super::super::BoxFuture;
use super::super::changes::Teller;
use super::super::{Class, Fault};
use driver::{Driver, Message, Request};
pub(super) use pulse::Pulse;
pub(super) use replies::Replies;
pub(super) use socket::{Socket, open};

/// A handle of one connection, which is never repaired: after a [`Connection`](Class::Connection) fault
/// it is dropped. What is asked goes out in the order of the calls.
#[derive(Clone)]
pub(super) struct Wire {
    requests: mpsc::UnboundedSender<Message>,
    /// How long an answer may take.
    wait: Duration,
    pulse: Arc<Pulse>,
    /// Whether what is asked is of slots that are on their way to the server.
    #[cfg(feature = "cluster")]
    asks: bool,
}

impl Wire {
    /// Of a socket whose server has greeted; it belongs to the runtime that this is called in.
    pub(super) fn new(socket: Box<dyn Socket>, wait: Duration) -> Self {
        Self::telling(socket, wait, None)
    }

    /// The same, and passes on which keys the server says have changed.
    pub(super) fn telling(socket: Box<dyn Socket>, wait: Duration, teller: Option<Teller>) -> Self {
        let (requests, asked) = mpsc::unbounded_channel();
        let pulse = Arc::default();
        tokio::spawn(Driver::new(socket, asked, teller, Arc::clone(&pulse)).run());
        Self {
            requests,
            wait,
            pulse,
            #[cfg(feature = "cluster")]
            asks: false,
        }
    }

    /// The same connection, for keys whose slots are on their way to the server.
    #[cfg(feature = "cluster")]
    pub(super) fn asking(&self) -> Self {
        Self {
            asks: true,
            ..self.clone()
        }
    }

    #[cfg(feature = "cluster")]
    pub(super) fn pulse(&self) -> &Arc<Pulse> {
        &self.pulse
    }

    /// The connection ends by this fault, once it is there, for all who wait on it. The future is polled on
    /// and on, and gone with the connection.
    #[cfg(feature = "sentinel")]
    pub(super) fn until(&self, end: BoxFuture<'static, Fault>) {
        // Of one that has ended there is nothing to end.
        let _ = self.requests.send(Message::Until(end));
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
        #[cfg(feature = "cluster")]
        let (commands, asked) = match self.asks {
            true => {
                let (commands, asked) = asking::asking(&commands);
                (commands, Some(asked))
            }
            false => (commands, None),
        };
        #[cfg(feature = "cluster")]
        let answers = asked.as_ref().map_or(answers, asking::Asked::answers);
        let (tell, told) = oneshot::channel();
        let request = Request {
            commands,
            answers,
            tell,
        };
        if answers > 0 {
            self.pulse.asked();
        }
        // One that is not taken any more is dropped, which tells us so.
        let _ = self.requests.send(Message::Request(request));
        let until = Instant::now() + self.wait;
        // The last handle closes the connection.
        let handle = self.clone();
        async move {
            let told = timeout_at(until, told).await;
            drop(handle);
            match told {
                #[cfg(feature = "cluster")]
                Ok(Ok(answered)) => match asked {
                    Some(asked) => asked.pick(answered?),
                    None => answered,
                },
                #[cfg(not(feature = "cluster"))]
                Ok(Ok(answered)) => answered,
                Ok(Err(_)) => Err(Fault::new(Class::Connection, "the connection is closed")),
                Err(_) => Err(Fault::new(Class::Connection, "no answer in time")),
            }
        }
    }
}
