//! Where a job stands, again and again.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{BoxStream, Stream, StreamExt};

use super::Item;
use crate::{Error, JobState};

/// What [`Watch::states`](super::Watch::states) gives: a `futures::Stream` of where the job stands.
///
/// One comes when there is no more to read at once, so that each is of all that was there; the last is that of
/// the job's end. Nothing comes before the first event or gap. An error is the last item.
#[must_use = "it reads nothing until it is polled"]
pub struct States {
    items: BoxStream<'static, Result<Item, Error>>,
    state: JobState,
    /// How many items it has taken in since it was told.
    untold: usize,
    over: Over,
}

enum Over {
    NotYet,
    /// It has failed, which is to be told.
    Failed(Error),
    Told,
}

/// So many are taken in at most before it is told, however fast they come.
const MOST_UNTOLD: usize = 1000;

impl States {
    pub(super) fn new(items: BoxStream<'static, Result<Item, Error>>, state: JobState) -> Self {
        Self {
            items,
            state,
            untold: 0,
            over: Over::NotYet,
        }
    }

    /// Where the job stands next; none after the end. An error is the last item.
    pub async fn next(&mut self) -> Option<Result<JobState, Error>> {
        StreamExt::next(self).await
    }

    /// Takes in all that is there.
    fn take_in(&mut self, context: &mut Context<'_>) {
        while matches!(self.over, Over::NotYet) && self.untold < MOST_UNTOLD {
            match self.items.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(item))) => {
                    self.state.apply(&item);
                    self.untold += 1;
                }
                Poll::Ready(Some(Err(error))) => self.over = Over::Failed(error),
                Poll::Ready(None) => self.over = Over::Told,
                Poll::Pending => return,
            }
        }
    }
}

impl Stream for States {
    type Item = Result<JobState, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.take_in(context);
        if mem::take(&mut self.untold) > 0 {
            return Poll::Ready(Some(Ok(self.state.clone())));
        }
        match mem::replace(&mut self.over, Over::Told) {
            Over::NotYet => {
                self.over = Over::NotYet;
                Poll::Pending
            }
            Over::Failed(error) => Poll::Ready(Some(Err(error))),
            Over::Told => Poll::Ready(None),
        }
    }
}

impl fmt::Debug for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "States({})", self.state.job_id)
    }
}
