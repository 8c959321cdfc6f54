//! The way of one piece at a time, from who writes to the server that sends them.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use axum::body::Bytes;
use futures_util::stream::Stream;

use crate::http::sink::Gone;

/// Both ends of a new way; the server keeps something for as long as it reads.
pub(super) fn way<K>(kept: K) -> (Writer, Pieces<K>) {
    let way = Arc::new(Way(Mutex::default()));
    let writer = Writer(Arc::clone(&way));
    (writer, Pieces { way, _kept: kept })
}

/// Puts pieces on the way. Once it is dropped, there is nobody left who would.
pub(super) struct Writer(Arc<Way>);

/// What the server reads, for as long as the client is there.
pub(super) struct Pieces<K> {
    way: Arc<Way>,
    _kept: K,
}

/// It is small: there is one for each of thousands of clients, of which most wait.
struct Way(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    piece: Option<io::Result<Bytes>>,
    /// Whether a piece has been put that the server has not handed to the network yet.
    is_taken: bool,
    is_gone: bool,
    is_over: bool,
    reader: Option<Waker>,
    /// Who waits until no piece is on its way.
    writer: Option<Waker>,
    /// Who waits until the client is gone: that pieces are sent is nothing to wake it for.
    watcher: Option<Waker>,
}

/// A piece on its way. The server drops it when it has handed it to the network, so what a slow client
/// costs is one, and not all that the server would buffer.
struct Piece {
    text: Bytes,
    way: Arc<Way>,
}

impl Writer {
    /// Puts a piece, unless one is on its way.
    pub(super) fn try_put(&self, text: &Bytes) -> Result<bool, Gone> {
        let mut inner = self.0.inner();
        if inner.is_gone {
            return Err(Gone);
        }
        if inner.is_taken {
            return Ok(false);
        }
        inner.is_taken = true;
        let (text, way) = (text.clone(), Arc::clone(&self.0));
        inner.piece = Some(Ok(Bytes::from_owner(Piece { text, way })));
        wake(inner, |inner| &mut inner.reader);
        Ok(true)
    }

    /// The same, once none is.
    pub(super) async fn put(&self, text: Bytes) -> Result<(), Gone> {
        while !self.try_put(&text)? {
            self.free().await;
        }
        Ok(())
    }

    /// Until no piece is on its way, or the client is gone.
    pub(super) async fn free(&self) {
        std::future::poll_fn(|context| {
            let mut inner = self.0.inner();
            if !inner.is_taken || inner.is_gone {
                return Poll::Ready(());
            }
            inner.writer = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Has the server end the connection, whatever the client has not taken.
    pub(super) fn fail(&self, error: io::Error) {
        let mut inner = self.0.inner();
        let piece = inner.piece.replace(Err(error));
        wake(inner, |inner| &mut inner.reader);
        // Without the lock, which it takes when it goes.
        drop(piece);
    }

    /// Until the client is.
    pub(super) async fn gone(&self) {
        std::future::poll_fn(|context| {
            let mut inner = self.0.inner();
            if inner.is_gone {
                return Poll::Ready(());
            }
            let waker = context.waker();
            match &mut inner.watcher {
                Some(known) => known.clone_from(waker),
                none => *none = Some(waker.clone()),
            }
            Poll::Pending
        })
        .await;
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let mut inner = self.0.inner();
        inner.is_over = true;
        wake(inner, |inner| &mut inner.reader);
    }
}

impl<K: Unpin> Stream for Pieces<K> {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut inner = self.way.inner();
        match inner.piece.take() {
            Some(piece) => Poll::Ready(Some(piece)),
            None if inner.is_over => Poll::Ready(None),
            None => {
                inner.reader = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<K> Drop for Pieces<K> {
    fn drop(&mut self) {
        let mut inner = self.way.inner();
        inner.is_gone = true;
        let (piece, watcher) = (inner.piece.take(), inner.watcher.take());
        wake(inner, |inner| &mut inner.writer);
        watcher.into_iter().for_each(Waker::wake);
        drop(piece);
    }
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let mut inner = self.way.inner();
        inner.is_taken = false;
        wake(inner, |inner| &mut inner.writer);
    }
}

impl Way {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Outside of the lock: who is woken may look at once.
fn wake(mut inner: MutexGuard<'_, Inner>, who: impl FnOnce(&mut Inner) -> &mut Option<Waker>) {
    let waker = who(&mut inner).take();
    drop(inner);
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::{FutureExt, StreamExt};
    use tokio::time::timeout;

    use super::*;

    /// Each piece is handed from thread to thread, and on a machine with much else to do each of them waits
    /// for its turn.
    const SOON: Duration = Duration::from_secs(60);
    const PIECES: u32 = 2_000;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn pieces_come_one_at_a_time_in_order_and_then_the_end() {
        let (writer, mut pieces) = way(());
        let writes = tokio::spawn(async move {
            for n in 0..PIECES {
                let text = n.to_be_bytes().to_vec();
                writer.put(text.into()).await.unwrap();
            }
        });
        let read = async {
            for n in 0..PIECES {
                let piece = pieces.next().await.unwrap().unwrap();
                assert_eq!(*piece, n.to_be_bytes());
                // As long as this one is there.
                assert!(pieces.next().now_or_never().flatten().is_none());
            }
            assert!(pieces.next().await.is_none());
        };
        timeout(SOON, read).await.unwrap();
        writes.await.unwrap();
    }

    #[tokio::test]
    async fn who_writes_and_who_waits_are_told_that_the_client_is_gone() {
        let one = Bytes::from_static(b"1");
        for is_taken in [false, true] {
            let (writer, mut pieces) = way(());
            writer.put(one.clone()).await.unwrap();
            let piece = is_taken.then(|| pieces.next().now_or_never().unwrap());
            let writer = Arc::new(writer);
            let [writes, waits] = [(); 2].map(|()| Arc::clone(&writer));
            let next = one.clone();
            // Each is a task, woken by itself.
            let put = tokio::spawn(async move { writes.put(next).await.is_err() });
            let gone = tokio::spawn(async move { waits.gone().await });
            tokio::task::yield_now().await;
            drop(pieces);
            assert!(timeout(SOON, put).await.unwrap().unwrap());
            timeout(SOON, gone).await.unwrap().unwrap();
            drop(piece);
            assert!(writer.try_put(&one).is_err());
        }
    }

    #[tokio::test]
    async fn a_fault_passes_by_what_the_client_has_not_taken() {
        let (writer, mut pieces) = way(());
        writer.put(Bytes::from_static(b"1")).await.unwrap();
        writer.fail(io::Error::other("slow"));
        assert!(pieces.next().await.unwrap().is_err());
        drop(writer);
        assert!(pieces.next().await.is_none());
    }
}
