//! What a query asks for out of a stream of events.

use std::task::{Context, Poll};

use futures_util::stream::{BoxStream, StreamExt};

use crate::Error;

/// The next item that is asked for, or an error.
pub(crate) fn poll_asked<T>(
    items: &mut BoxStream<'static, Result<T, Error>>,
    context: &mut Context<'_>,
    is_asked: impl Fn(&T) -> bool,
) -> Poll<Option<Result<T, Error>>> {
    for _ in 0..AT_ONCE {
        match items.poll_next_unpin(context) {
            Poll::Ready(Some(Ok(item))) if !is_asked(&item) => {}
            other => return other,
        }
    }
    // Where all is there already and nothing is asked for, other tasks are to have their turn.
    context.waker().wake_by_ref();
    Poll::Pending
}

/// Items that are passed over in one turn.
const AT_ONCE: usize = 256;
