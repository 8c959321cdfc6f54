//! A watch at work: reads, waits for a store that is away, and ends.

use std::sync::Arc;

use backon::ExponentialBackoff;

use super::Item;
use super::course::Course;
use super::source::{Line, Source};
use crate::backoff;
use crate::job::JobId;
use crate::lost::Terms;
use crate::store::{Class, Fault};
use crate::{Error, EventId};

pub(super) struct Tail {
    source: Source,
    line: Option<Line>,
    waits: ExponentialBackoff,
    course: Course,
}

impl Tail {
    pub(super) fn new(
        source: Source,
        job: &JobId,
        prefix: &Arc<str>,
        terms: Terms,
        after: EventId,
    ) -> Self {
        Self {
            source,
            line: None,
            waits: backoff::waits(),
            course: Course::new(job, prefix, terms, after),
        }
    }

    pub(super) async fn next(&mut self) -> Option<Result<Item, Error>> {
        loop {
            if let Some(item) = self.course.ready.pop_front() {
                return Some(Ok(item));
            }
            if self.course.is_over {
                return None;
            }
            match self.turn().await {
                Ok(()) => self.waits = backoff::waits(),
                // The end has been seen: what might have come after it is not worth waiting for a
                // store that is away.
                Err(_) if self.course.has_ended => self.course.is_over = true,
                Err(fault) if matches!(fault.class, Class::Connection | Class::Later) => {
                    self.wait().await;
                }
                Err(fault) => {
                    self.course.is_over = true;
                    return Some(Err(fault.into_error(self.source.store(), "the read")));
                }
            }
        }
    }

    async fn turn(&mut self) -> Result<(), Fault> {
        let line = match &mut self.line {
            Some(line) => line,
            none => none.insert(Box::pin(self.source.open()).await?),
        };
        self.course.turn(line).await
    }

    async fn wait(&mut self) {
        self.line = None;
        self.course.connection_lost();
        tokio::time::sleep(backoff::next(&mut self.waits)).await;
    }
}
