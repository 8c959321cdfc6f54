//! What a stream still lacks of a run whose process cannot write it: its end, or its start and end.
//!
//! It is written once, however many try at one time, and with neither script nor transaction: each
//! looks at the stream's last id and at all that the run has up to there, and then appends at exactly
//! the successor of that id. A server refuses an id that is not above its last, so that this is a
//! compare-and-set: it fails where anyone has written since the look. Then the look is repeated, and
//! finds what the other has written. So there is one entry to an append: of two with successive ids
//! the second could be taken where the first is refused. A stream that is deleted after the look is
//! not made anew by that.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use crate::event::{Event, Timestamp, Values};
use crate::index::Ledger;
use crate::past;
use crate::store::{Append, Class, Connection, Fault, NewEntry, StreamInfo};
use crate::{EventId, EventType};

/// The run to write for, and how long its stream is kept then.
#[derive(Debug, Clone)]
pub(crate) struct Epilogue {
    pub(crate) key: Arc<str>,
    pub(crate) run: String,
    /// None leaves it as it is.
    pub(crate) expire: Option<Duration>,
    /// What is told of it then, if anything.
    pub(crate) ledger: Option<Ledger>,
}

/// What an [`Epilogue`] has done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// The ids of what this call appended.
    pub(crate) ids: Vec<EventId>,
    /// Why the index was not told of it.
    pub(crate) unindexed: Option<Fault>,
    /// Why the stream may still take what the process has sent.
    pub(crate) unfenced: Option<Fault>,
}

/// What comes of it.
pub(crate) const UNFENCED: &str =
    "what the network still has of a process that is gone may come behind the end of its run";

/// What the stream has of the run.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Whether there is such a stream at all.
    pub(crate) has_stream: bool,
    /// The run's latest event, of its own or what others declare.
    pub(crate) latest: Option<Event>,
    /// The seq of the run's latest event of its own.
    pub(crate) last_seq: Option<u64>,
    /// Whether the job was started again after the run's latest event.
    pub(crate) is_followed: bool,
}

/// An entry that the stream lacks.
#[derive(Debug)]
pub(crate) struct Missing {
    pub(crate) at: Timestamp,
    pub(crate) event_type: EventType,
    pub(crate) data: Vec<u8>,
}

impl Epilogue {
    /// Appends what is `missing`, which is asked anew after each append until it knows no more.
    ///
    /// # Errors
    ///
    /// The store's, after which it may be called again: what was written then is found. A stream on
    /// which others write all the time is [`Later`](Class::Later).
    pub(crate) async fn write(
        &self,
        connection: &dyn Connection,
        mut missing: impl FnMut(&Found) -> Option<Missing>,
    ) -> Result<Written, Fault> {
        let (mut seen, mut written) = (Seen::default(), Written::default());
        let mut is_fenced = false;
        for _ in 0..MOST_TRIES {
            seen.look(connection, self).await?;
            let Some(missing) = missing(&seen.found) else {
                return Ok(written);
            };
            if seen.found.has_stream && !is_fenced {
                // What the process had sent and what has yet to arrive has an id from before now. It
                // would come behind the end, and leave the run open, or be there twice.
                match connection.fence(&self.key, now()).await {
                    Err(fault) if fault.class == Class::Denied => written.unfenced = Some(fault),
                    fenced => fenced?,
                }
                is_fenced = true;
                continue;
            }
            let entry = entry(seen.next_id(), missing);
            let values = entry.values.clone();
            let added = match seen.found.has_stream {
                true => connection.extend(&self.key, entry).await,
                false => self.begin(connection, entry).await,
            };
            match added {
                Ok(Some(id)) => {
                    written.ids.push(id);
                    if let Some(ledger) = &self.ledger {
                        let refused = ledger.tell(connection, id, &values).await;
                        written.unindexed = refused.or(written.unindexed);
                    }
                }
                // It was deleted since the look.
                Ok(None) => continue,
                Err(fault) if fault.class == Class::Conflict => continue,
                // Another server has the stream by now, and perhaps not what was looked at.
                Err(fault) if fault.class == Class::Elsewhere => {
                    (seen, is_fenced) = (Seen::default(), false);
                    continue;
                }
                Err(fault) => return Err(fault),
            }
            // A stream that is there keeps its time until the entry is taken: where it is refused,
            // the run may have come back. It keeps it anyway where another run goes on.
            if seen.found.has_stream && !seen.found.is_followed && self.expire.is_some() {
                let expiry = self.append(Vec::new());
                connection.append(expiry).await?;
            }
        }
        let why = format!("others write to {} all the time", self.key);
        Err(Fault::new(Class::Later, why))
    }

    /// With the first entry of a stream.
    async fn begin(
        &self,
        connection: &dyn Connection,
        entry: NewEntry,
    ) -> Result<Option<EventId>, Fault> {
        let appended = connection.append(self.append(vec![entry])).await?;
        match appended.into_iter().flatten().next() {
            Some(added) => added.map(Some),
            None => Err(Fault::new(Class::Connection, "no answer to an append")),
        }
    }

    fn append(&self, entries: Vec<NewEntry>) -> Vec<Arc<Append>> {
        vec![Arc::new(Append {
            key: Arc::clone(&self.key),
            entries,
            // How long the stream may grow is its publisher's to say, which is not known here.
            max_len: i64::MAX as u64,
            expire: self.expire,
        })]
    }
}

fn entry(id: EventId, missing: Missing) -> NewEntry {
    let Missing {
        at,
        event_type,
        data,
    } = missing;
    let timestamp = at.to_rfc3339();
    NewEntry {
        id: Some(id),
        values: Values::new(data, timestamp.as_bytes(), event_type.as_str()),
    }
}

/// What has been looked at, from the stream's end back to where the run was found.
#[derive(Default)]
struct Seen {
    found: Found,
    /// The stream's last id then.
    last: EventId,
}

impl Seen {
    /// Looks at what has come since the last look; the stream's end comes first, so that nothing can
    /// come between it and the rest unseen.
    async fn look(&mut self, connection: &dyn Connection, of: &Epilogue) -> Result<(), Fault> {
        let Some(info) = connection.info(&of.key).await? else {
            *self = Self::default();
            return Ok(());
        };
        if info.last_id < self.last {
            // It is another stream under the same key.
            *self = Self::default();
        }
        let from = self.last.next();
        self.last = info.last_id;
        let mut newer = Found::default();
        if !newer.ends_with(&info, of) {
            let take = |event| newer.take(event, of).then_some(());
            past::search(connection, &of.key, from, info.last_id, take).await?;
        }
        self.found = Found {
            has_stream: true,
            is_followed: newer.is_followed || (newer.latest.is_none() && self.found.is_followed),
            latest: newer.latest.or_else(|| self.found.latest.take()),
            last_seq: newer.last_seq.max(self.found.last_seq),
        };
        Ok(())
    }

    /// The successor of the last; on a stream that does not exist, above all that is on its way.
    fn next_id(&self) -> EventId {
        if self.found.has_stream {
            self.last.next()
        } else {
            now()
        }
    }
}

impl Found {
    /// Mostly the run's latest event is the stream's newest, which has been seen with its end.
    fn ends_with(&mut self, info: &StreamInfo, of: &Epilogue) -> bool {
        let newest = info.last_event.as_ref();
        newest.is_some_and(|event| event.id() == info.last_id && self.take(event.clone(), of))
    }

    /// Notes an event, newest first; whether no older one is of interest.
    fn take(&mut self, event: Event, of: &Epilogue) -> bool {
        if event.run() == Some(&of.run) {
            self.last_seq = event.seq();
            self.latest.get_or_insert(event);
        } else if self.latest.is_none() && *event.event_type() == EventType::TaskStarted {
            self.is_followed = true;
        }
        self.last_seq.is_some()
    }
}

fn now() -> EventId {
    EventId::new(Timestamp::now().ms(), 0).max(EventId::ZERO.next())
}

/// How often it is tried to be the next writer.
const MOST_TRIES: usize = 20;
