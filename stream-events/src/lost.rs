//! A run whose process does not renew its lease: declared lost by others, once, and taken back by the
//! run itself where it lives after all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::epilogue::{Epilogue, Found, Missing};
use crate::event::{Origin, Timestamp};
use crate::index::{Ledger, Shards};
use crate::job::{FailureKind, JobId};
use crate::lease::{self, Sightings};
use crate::past;
use crate::store::{Class, Connection, Fault, Lease, LeaseTurn};
use crate::{EventId, EventType, Fields};

/// Looks at leases that have run out, and declares those runs lost whose lease stands still for the
/// grace time.
#[derive(Debug)]
pub(crate) struct Losses {
    prefix: Arc<str>,
    shards: Shards,
    terms: Terms,
    /// Why the index was not told of a run that was declared lost.
    pub(crate) unindexed: Option<Fault>,
    /// Why one may come behind what it is ended with.
    pub(crate) unfenced: Option<Fault>,
}

/// When a run is declared lost, and how long its stream is kept then; none leaves that as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) grace: Duration,
    pub(crate) retention: Option<Duration>,
}

/// A run that was declared lost.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lost {
    /// The job.
    pub job_id: JobId,
    /// The run.
    pub run: String,
}

impl Losses {
    pub(crate) fn new(prefix: Arc<str>, shards: Shards, terms: Terms) -> Self {
        Self {
            prefix,
            shards,
            terms,
            unindexed: None,
            unfenced: None,
        }
    }

    /// What is seen of each shard.
    pub(crate) fn sightings(&self) -> Vec<Sightings> {
        let shards = self.shards.all();
        shards
            .map(|shard| Sightings::of(&self.prefix, shard))
            .collect()
    }

    /// What is seen of the shard that has a job.
    pub(crate) fn sightings_of(&self, job: &JobId) -> Sightings {
        Sightings::of(&self.prefix, self.shards.of(job))
    }

    /// Takes note of a lease that has run out. Where it has stood still for long enough, its run is
    /// ended on its stream, unless it has ended, and the lease removed.
    ///
    /// The process may renew the lease at this very moment, and lose it again by the removal. It
    /// finds it missing at its next renewal, takes it anew, and says on the stream that it goes on.
    pub(crate) async fn judge(
        &mut self,
        connection: &dyn Connection,
        sightings: &mut Sightings,
        lease: &Lease,
    ) -> Result<Option<Lost>, Fault> {
        let grace = self.terms.grace;
        if !sightings.see(lease, Instant::now(), grace) {
            return Ok(None);
        }
        // To judge those before it may have taken a while.
        let now = connection.expired_one(&sightings.leases, &lease.member);
        let now = now.await.inspect_err(|_| sightings.forget(&lease.member))?;
        if now.as_ref() != Some(lease) {
            sightings.forget(&lease.member);
            return Ok(None);
        }
        let declared = match lease::parse(&lease.member) {
            Some((run, job)) => self.declare(connection, run, job).await,
            None => Ok(None),
        };
        // A store that takes no end takes no renewal either: then a process that lives needs time to
        // come back to it.
        let lost = match declared {
            // Where something else is in its place, there is no stream that could have an end.
            Err(fault) if fault.class == Class::Never => None,
            declared => declared.inspect_err(|_| sightings.forget(&lease.member))?,
        };
        let removal = LeaseTurn {
            key: Arc::clone(&sightings.leases),
            ended: vec![Arc::clone(&lease.member)],
            ..LeaseTurn::default()
        };
        let removed = connection.lease(Arc::new(removal)).await;
        sightings.forget(&lease.member);
        match removed.map(|leased| leased.refusal) {
            // That the run is lost is to be told once; the lease is still there at a later look.
            _ if lost.is_some() => Ok(lost),
            Ok(Some(fault)) | Err(fault) => Err(fault),
            Ok(None) => Ok(None),
        }
    }

    /// How long to wait between two looks.
    pub(crate) fn pause(&self) -> Duration {
        (self.terms.grace / 4).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
    }

    async fn declare(
        &mut self,
        connection: &dyn Connection,
        run: &str,
        job_id: JobId,
    ) -> Result<Option<Lost>, Fault> {
        let epilogue = Epilogue {
            key: job_id.key(&self.prefix).into(),
            run: run.to_owned(),
            expire: self.terms.retention,
            ledger: Some(Ledger::of_reader(&self.prefix, self.shards)),
        };
        let written = epilogue.write(connection, |found| end(found, job_id.as_str(), run, WHY));
        let written = written.await?;
        if written.unindexed.is_some() {
            self.unindexed = written.unindexed;
        }
        if written.unfenced.is_some() {
            self.unfenced = written.unfenced;
        }
        let is_lost = !written.ids.is_empty();
        let run = run.to_owned();
        Ok(is_lost.then_some(Lost { job_id, run }))
    }
}

/// The end of a run that has begun and not ended. It is no event of the run's own, and has no seq:
/// with the next one, it would hide from readers what a process that comes back writes under it.
pub(crate) fn end(found: &Found, job: &str, run: &str, why: &str) -> Option<Missing> {
    let latest = found.latest.as_ref().filter(|event| !event.ends_run())?;
    let (at, event_type) = (Timestamp::now(), EventType::TaskFailed);
    let fields = Fields::new()
        .own("event_type", event_type.as_str())
        .own("timestamp", at.to_rfc3339().as_str())
        .own("job_id", job);
    let of_run = |fields: Fields, key| match latest.field::<Value>(key) {
        Ok(Some(value)) => fields.own(key, &value),
        _ => fields,
    };
    let fields = of_run(fields, "task_type").own("run", run);
    let fields = Origin::KEYS.into_iter().fold(fields, of_run);
    let fields = fields
        .own("error", why)
        .own("error_kind", FailureKind::Lost.as_str())
        .own("will_retry", &found.is_followed);
    Some(Missing {
        at,
        event_type,
        data: fields.to_string().into_bytes(),
    })
}

const SHORTEST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const WHY: &str = "the process that ran the job has stopped renewing its lease: it was killed or frozen, or cannot reach the store";

/// Whether others have declared the run lost, after its event of the seq `since`, and it has not
/// taken that back.
pub(crate) async fn is_declared(
    connection: Arc<dyn Connection>,
    key: Arc<str>,
    run: String,
    since: u64,
) -> Result<bool, Fault> {
    let (from, to) = (EventId::ZERO, EventId::MAX);
    let word = past::search(&*connection, &key, from, to, |event| {
        let is_old = event.seq().is_some_and(|seq| seq < since);
        match event.event_type() {
            _ if event.run() != Some(&run) => None,
            _ if event.is_lost() => Some(true),
            EventType::TaskResumed => Some(false),
            _ => is_old.then_some(false),
        }
    });
    Ok(word.await?.unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Entry, Values};
    use crate::store::{Append, NewEntry, Purpose, StoreUrl};
    use crate::{Event, EventId};

    #[tokio::test]
    async fn a_lease_that_was_renewed_since_it_was_seen_is_none_of_a_lost_run() {
        let store = StoreUrl::new("memory:renewed_since").open().unwrap();
        let connection = store.connect(Purpose::Prompt).await.unwrap();
        let data = br#"{"event_type":"task_started","run":"r","seq":0}"#.to_vec();
        let start = Append {
            key: "job_events:j".into(),
            entries: vec![NewEntry {
                id: Some(EventId::new(1, 0)),
                values: Values::new(data, b"", "task_started"),
            }],
            max_len: 10,
            expire: None,
        };
        connection.append(vec![Arc::new(start)]).await.unwrap();
        let (grace, retention) = (Duration::ZERO, None);
        let terms = Terms { grace, retention };
        let mut losses = Losses::new("job_events".into(), Shards::ONE, terms);
        let [mut sightings] = <[_; 1]>::try_from(losses.sightings()).unwrap();
        let leased = |until| LeaseTurn {
            key: "job_index:active".into(),
            until: Some(until),
            begun: vec!["r:j".into()],
            ..LeaseTurn::default()
        };
        let seen = Lease {
            member: "r:j".into(),
            until: 1,
        };
        connection.lease(Arc::new(leased(u64::MAX))).await.unwrap();
        assert_eq!(
            losses.judge(&*connection, &mut sightings, &seen).await,
            Ok(None)
        );
        connection.lease(Arc::new(leased(2))).await.unwrap();
        assert_eq!(
            losses.judge(&*connection, &mut sightings, &seen).await,
            Ok(None)
        );
        connection.lease(Arc::new(leased(1))).await.unwrap();
        let lost = losses.judge(&*connection, &mut sightings, &seen);
        let lost = lost.await.unwrap();
        assert_eq!(lost.map(|lost| lost.run), Some("r".to_owned()));
    }

    #[test]
    fn the_end_of_a_lost_run_tells_where_it_comes_from_as_its_other_events_do() {
        let of_run = r#""job_id":"j","task_type":"t","run":"r","attempt":2,"max_attempts":3,"parent_job_id":"p\"","trace_id":"0af7","span_id":"b7ad""#;
        let data = format!(r#"{{{of_run},"seq":0,"progress":"half"}}"#);
        let fields = [("event_type", "task_progress"), ("data", &data)];
        let latest = Event::from(Entry::new(EventId::new(1, 0), fields));
        let found = Found {
            latest: Some(latest),
            ..Found::default()
        };
        let end = String::from_utf8(end(&found, "j", "r", "gone").unwrap().data).unwrap();
        let expected =
            format!(r#",{of_run},"error":"gone","error_kind":"lost","will_retry":false}}"#);
        assert!(end.ends_with(&expected), "{end}");
    }
}
