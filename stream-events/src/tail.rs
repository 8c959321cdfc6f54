//! What is followed on and on: it waits for a store that is away, and ends where that refuses.

use std::collections::VecDeque;

use backon::ExponentialBackoff;
use futures_util::stream::{BoxStream, StreamExt, unfold};

use crate::store::{BoxFuture, Fault};
use crate::{Error, backoff, said};

/// What is followed, a turn at a time.
pub(crate) trait Follow: Send + 'static {
    type Item: Send;
    /// What it reads on.
    type Line: Send + Sync;

    /// Opens a line, anew after each loss.
    fn open(&self) -> BoxFuture<'_, Result<Self::Line, Fault>>;

    /// Reads once, and has ready what that comes to.
    fn turn(&mut self, line: &Self::Line) -> impl Future<Output = Result<(), Fault>> + Send;

    fn ready(&mut self) -> &mut VecDeque<Self::Item>;

    /// The store has been away.
    fn line_lost(&mut self) {}

    /// Whether the end has been seen: what might have come after it is not worth waiting for a store that is
    /// away.
    fn has_ended(&self) -> bool {
        false
    }

    /// Whether there is nothing more to come.
    fn is_over(&self) -> bool {
        false
    }

    fn refused(&self, fault: Fault) -> Error;
}

/// All that is followed, to its end; an error is the last item.
pub(crate) fn items<F: Follow>(followed: F) -> BoxStream<'static, Result<F::Item, Error>> {
    let tail = Tail {
        followed,
        line: None,
        waits: backoff::waits(),
        is_away: false,
        is_over: false,
    };
    let next = |mut tail: Tail<F>| async move { Some((tail.next().await?, tail)) };
    unfold(tail, next).fuse().boxed()
}

struct Tail<F: Follow> {
    followed: F,
    line: Option<F::Line>,
    waits: ExponentialBackoff,
    /// Whether the last turn failed, too.
    is_away: bool,
    is_over: bool,
}

impl<F: Follow> Tail<F> {
    async fn next(&mut self) -> Option<Result<F::Item, Error>> {
        loop {
            if let Some(item) = self.followed.ready().pop_front() {
                return Some(Ok(item));
            }
            if self.is_over || self.followed.is_over() {
                return None;
            }
            match self.turn().await {
                Ok(()) => (self.waits, self.is_away) = (backoff::waits(), false),
                Err(_) if self.followed.has_ended() => self.is_over = true,
                Err(fault) if fault.class.passes() => self.wait(fault).await,
                Err(fault) => {
                    self.is_over = true;
                    return Some(Err(self.followed.refused(fault)));
                }
            }
        }
    }

    async fn turn(&mut self) -> Result<(), Fault> {
        // Of a page; the next event may be long in coming.
        *self.followed.ready() = VecDeque::new();
        let line = match &mut self.line {
            Some(line) => line,
            none => none.insert(self.followed.open().await?),
        };
        self.followed.turn(line).await
    }

    async fn wait(&mut self, fault: Fault) {
        self.line = None;
        self.followed.line_lost();
        let wait = backoff::after(fault.class, &mut self.waits);
        // A connection that is only cut is nothing to speak of.
        if std::mem::replace(&mut self.is_away, true) {
            let error = self.followed.refused(fault);
            if said::begins(error.to_string()) {
                tracing::warn!(target: "stream_events", "{error}; who follows jobs there waits");
            }
        }
        tokio::time::sleep(wait).await;
    }
}
