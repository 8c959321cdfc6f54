//! Where frames go: a client, who may be slow, or gone.

use super::frame::Frame;

/// A client is gone, or too slow.
#[derive(Debug)]
pub(super) struct Gone;

/// The way to one client. It holds what is put until it is flushed, and no more than one flush is on
/// its way.
pub(super) trait Sink: Send {
    /// Adds a frame to what is sent next.
    fn put(&mut self, frame: &Frame<'_>);

    /// Whether as much has been put as is to be sent at a time.
    fn is_full(&self) -> bool;

    /// Sends what was put, once the client has taken what was sent before.
    fn flush(&mut self) -> impl Future<Output = Result<(), Gone>> + Send;

    /// Shows that the stream is there, where nothing else does.
    fn keep_alive(&mut self) -> impl Future<Output = Result<(), Gone>> + Send;

    /// Waits until the client is gone. Nothing is lost where it is dropped before.
    fn gone(&mut self) -> impl Future<Output = ()> + Send;

    /// Says farewell after the last flush.
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// Bytes that are sent at a time, and what one more event has.
pub(super) const PIECE: usize = 64 * 1024;
