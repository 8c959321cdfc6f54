//! What a process has left of a run: its start, its end, or both.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::record::{Name, Record};
use crate::epilogue::{Epilogue, Found, Missing, Written};
use crate::index::{Ledger, Shards};
use crate::lost;
use crate::settings::Settings;
use crate::store::{Connection, Fault};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leftover {
    pub(crate) run: Arc<str>,
    /// In the order of their seqs; at least one.
    pub(super) records: Vec<Record>,
}

impl Leftover {
    /// Writes what the stream lacks of the run, and says how much that was. A run that has begun and
    /// not ended is lost: the process that left this is gone.
    pub(crate) async fn restore(
        &self,
        connection: &dyn Connection,
        settings: &Settings,
        shards: Shards,
    ) -> Result<Written, Fault> {
        let first = self.records.first();
        let Some(record) = first.filter(|_| !self.is_past(settings.retention_while_running)) else {
            return Ok(Written::default());
        };
        let has_end = self.records.iter().any(Record::ends_run);
        // Its stream would be gone by now, had it been delivered then; and it may have been.
        let is_over = has_end && self.is_past(settings.retention_after_end);
        let epilogue = Epilogue {
            key: Arc::clone(&record.key),
            run: self.run.to_string(),
            expire: Some(settings.retention(has_end || record.is_held)),
            ledger: Ledger::of_publisher(settings, shards),
        };
        let missing = |found: &Found| match found.has_stream || !is_over {
            true => self.missing(found),
            false => None,
        };
        epilogue.write(connection, missing).await
    }

    /// Whether the stream would be gone by itself by now.
    fn is_past(&self, kept: Duration) -> bool {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let latest = self.records.iter().map(|record| record.at.ms()).max();
        let age = u128::from(latest.unwrap_or(0)) + kept.as_millis();
        now.is_ok_and(|now| now.as_millis() > age)
    }

    pub(super) fn names(&self) -> Vec<Name> {
        let names = self.records.iter().map(|record| &record.name);
        names.cloned().collect()
    }

    fn missing(&self, found: &Found) -> Option<Missing> {
        let first = self.records.first()?;
        let latest = found.latest.as_ref();
        if latest.is_none() && !first.ends_run() {
            return Some(first.missing());
        }
        // That others have declared the run lost is taken back by its own end.
        let has_end = latest.is_some_and(|event| event.ends_run() && !event.is_lost());
        match self.records.iter().find(|record| record.ends_run()) {
            Some(end) => (!has_end).then(|| end.missing()),
            None if first.is_held => lost::end(found, &first.job, &self.run, WHY),
            None => None,
        }
    }
}

const WHY: &str =
    "the process that ran the job was gone before it was done; the store was away then";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Entry, Event, EventId, EventType, Timestamp};
    use crate::store::{Purpose, StoreUrl};

    fn record(event_type: EventType, seq: u64) -> Record {
        let run: Arc<str> = "r".into();
        Record {
            name: Name { run, seq },
            key: "job_events:j".into(),
            job: "j".to_owned(),
            at: Timestamp::from_micros(1_000_000),
            event_type,
            data: b"{}".to_vec(),
            is_held: true,
        }
    }

    fn leftover(records: Vec<Record>) -> Leftover {
        let run = "r".into();
        Leftover { run, records }
    }

    fn found(data: &str) -> Found {
        let latest: Event = Entry::new(EventId::new(1, 0), [("data", data)]).into();
        Found {
            has_stream: true,
            last_seq: latest.seq(),
            latest: Some(latest),
            ..Found::default()
        }
    }

    fn next(leftover: &Leftover, found: &Found) -> Option<EventType> {
        leftover.missing(found).map(|missing| missing.event_type)
    }

    const STARTED: &str = r#"{"event_type":"task_started","run":"r","seq":0}"#;
    const COMPLETED: &str = r#"{"event_type":"task_completed","run":"r","seq":3}"#;
    const LOST: &str = r#"{"event_type":"task_failed","run":"r","error_kind":"lost"}"#;

    #[test]
    fn a_run_gets_what_its_stream_lacks_and_nothing_else() {
        let (start, end) = (EventType::TaskStarted, EventType::TaskCompleted);
        let both = leftover(vec![record(start.clone(), 0), record(end.clone(), 3)]);
        assert_eq!(next(&both, &Found::default()), Some(start));
        assert_eq!(next(&both, &found(STARTED)), Some(end.clone()));
        assert_eq!(next(&both, &found(COMPLETED)), None);
        let only_end = leftover(vec![record(end.clone(), 3)]);
        assert_eq!(next(&only_end, &Found::default()), Some(end.clone()));
        assert_eq!(next(&only_end, &found(LOST)), Some(end), "it had ended");
    }

    #[test]
    fn a_run_that_has_begun_and_not_ended_is_lost_unless_its_end_may_come_from_anywhere() {
        let mut begun = leftover(vec![record(EventType::TaskStarted, 0)]);
        assert_eq!(next(&begun, &found(STARTED)), Some(EventType::TaskFailed));
        assert_eq!(next(&begun, &found(LOST)), None);
        assert_eq!(next(&begun, &found(COMPLETED)), None);
        begun.records[0].is_held = false;
        assert_eq!(next(&begun, &found(STARTED)), None);
    }

    #[test]
    fn what_its_stream_would_not_have_any_more_is_past() {
        let begun = leftover(vec![record(EventType::TaskStarted, 0)]);
        assert!(begun.is_past(Duration::from_secs(3600)));
        assert!(!begun.is_past(Duration::from_secs(200 * 365 * 24 * 3600)));
    }

    const HOUR: Duration = Duration::from_secs(3600);

    /// A store, and settings by which a run's stream is kept for a day, and for an hour after its end.
    async fn store(name: &str) -> (Box<dyn Connection>, Settings) {
        let store = StoreUrl::new(format!("memory:{name}")).open().unwrap();
        let settings = Settings {
            retention_while_running: 24 * HOUR,
            retention_after_end: HOUR,
            ..Settings::default()
        };
        (store.connect(Purpose::Prompt).await.unwrap(), settings)
    }

    /// A run that ended so long ago.
    fn ended(ago: Duration) -> Leftover {
        let at = Timestamp::now().micros() - ago.as_micros() as i64;
        let mut both = [EventType::TaskStarted, EventType::TaskCompleted].map(|it| record(it, 0));
        for (seq, record) in both.iter_mut().enumerate() {
            (record.name.seq, record.at) = (seq as u64, Timestamp::from_micros(at));
            let event_type = &record.event_type;
            let data = format!(r#"{{"event_type":"{event_type}","run":"r","seq":{seq}}}"#);
            record.data = data.into_bytes();
        }
        leftover(both.into())
    }

    /// How many events it lacked.
    async fn restore(
        left: &Leftover,
        store: &dyn Connection,
        settings: &Settings,
    ) -> Result<usize, Fault> {
        let written = left.restore(store, settings, Shards::ONE).await;
        written.map(|written| written.ids.len())
    }

    async fn length(connection: &dyn Connection) -> u64 {
        let info = connection.info("job_events:j").await.unwrap();
        info.map_or(0, |info| info.length)
    }

    #[tokio::test]
    async fn a_stream_that_would_be_gone_by_now_is_not_brought_back() {
        let (store, settings) = store("is-over").await;
        let restored = restore(&ended(2 * HOUR), &*store, &settings).await;
        assert_eq!((restored, length(&*store).await), (Ok(0), 0));
        let restored = restore(&ended(HOUR / 2), &*store, &settings).await;
        assert_eq!((restored, length(&*store).await), (Ok(2), 2));
    }

    #[tokio::test]
    async fn a_stream_that_is_there_still_gets_the_end_that_it_lacks() {
        let (store, settings) = store("is-there").await;
        let both = ended(2 * HOUR);
        let mut begun = leftover(both.records[..1].to_vec());
        begun.records[0].is_held = false;
        assert_eq!(restore(&begun, &*store, &settings).await, Ok(1));
        assert_eq!(restore(&both, &*store, &settings).await, Ok(1));
        assert_eq!(length(&*store).await, 2);
    }

    #[tokio::test]
    async fn a_run_that_has_not_ended_is_brought_back_for_as_long_as_its_stream_would_be_there() {
        let (store, settings) = store("not-ended").await;
        let begun = |ago| leftover(ended(ago).records[..1].to_vec());
        let restored = restore(&begun(25 * HOUR), &*store, &settings).await;
        assert_eq!((restored, length(&*store).await), (Ok(0), 0));
        // Its start, and that it is lost.
        let restored = restore(&begun(2 * HOUR), &*store, &settings).await;
        assert_eq!((restored, length(&*store).await), (Ok(2), 2));
    }
}
