//! A body in pieces, which its client reads in time, or not to its end.

mod way;

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use tokio::time::timeout;

use super::gate::Permit;
use super::sink::{Gone, PIECE};
use way::{Writer, way};

/// The way to a client.
pub(super) struct Outlet {
    way: Writer,
    patience: Duration,
}

/// A body, and the way to the client that gets it, who counts as a connection until it ends.
pub(super) fn open(permit: Permit, patience: Duration) -> (Body, Outlet) {
    let (way, pieces) = way(permit);
    (Body::from_stream(pieces), Outlet { way, patience })
}

/// All of a body that is there already. That it has no length said before lets it be cut off to its end.
pub(super) fn whole(text: Vec<u8>, permit: Permit, patience: Duration) -> Body {
    let (body, outlet) = open(permit, patience);
    tokio::spawn(outlet.send_all(text.into()));
    body
}

impl Outlet {
    /// Waits until the client has taken what was sent before.
    pub(super) async fn send(&self, text: Bytes) -> Result<(), Gone> {
        // Nearly always it has: there is no room kept for what is done otherwise.
        if text.is_empty() {
            return Ok(());
        }
        if text.len() > PIECE || !self.way.try_put(&text)? {
            Box::pin(self.in_time(self.put(text))).await?;
        }
        Ok(())
    }

    /// Of each piece it is waited until the client has taken it, also of the last.
    async fn send_all(self, mut text: Bytes) -> Result<(), Gone> {
        while !text.is_empty() {
            self.send(text.split_to(text.len().min(PIECE))).await?;
        }
        let taken = async {
            self.way.free().await;
            Ok(())
        };
        self.in_time(taken).await
    }

    /// When the client is gone.
    pub(super) async fn gone(&self) {
        self.way.gone().await;
    }

    async fn in_time(&self, sent: impl Future<Output = Result<(), Gone>>) -> Result<(), Gone> {
        let Ok(sent) = timeout(self.patience, sent).await else {
            // Has the server end the connection, with what the client has not taken.
            let slow = io::Error::new(io::ErrorKind::TimedOut, "the client is too slow");
            self.way.fail(slow);
            return Err(Gone);
        };
        sent
    }

    /// One at a time: a server that has more of them than it buffers would not look whether the connection is
    /// to end.
    async fn put(&self, mut text: Bytes) -> Result<(), Gone> {
        while !text.is_empty() {
            let piece = text.split_to(text.len().min(PIECE));
            self.way.put(piece).await?;
        }
        Ok(())
    }
}
