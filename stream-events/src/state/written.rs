//! Where a job stands, as JSON.

use std::time::{Duration, SystemTime};

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{JobState, Phase};
use crate::event::Timestamp;

impl Serialize for JobState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("job_id", &self.job_id)?;
        map.serialize_entry("status", &self.status)?;
        map.serialize_entry("task_type", &self.task_type)?;
        map.serialize_entry("run", &self.run)?;
        map.serialize_entry("attempt", &self.attempt)?;
        map.serialize_entry("max_attempts", &self.max_attempts)?;
        map.serialize_entry("runs", &self.runs)?;
        map.serialize_entry("parent_job_id", &self.parent_job_id)?;
        map.serialize_entry("worker", &self.worker)?;
        map.serialize_entry("message", &self.message)?;
        map.serialize_entry("step", &self.step)?;
        map.serialize_entry("current", &self.current)?;
        map.serialize_entry("total", &self.total)?;
        map.serialize_entry("percent", &self.percent)?;
        map.serialize_entry("rate", &self.rate)?;
        map.serialize_entry("eta_ms", &millis(self.eta))?;
        map.serialize_entry("phases", &self.phases)?;
        map.serialize_entry("started", &time(self.started))?;
        map.serialize_entry("updated", &time(self.updated))?;
        map.serialize_entry("ended", &time(self.ended))?;
        map.serialize_entry("duration_ms", &millis(self.duration))?;
        map.serialize_entry("result", &self.result)?;
        map.serialize_entry("error", &self.error)?;
        map.serialize_entry("error_kind", &self.error_kind)?;
        map.serialize_entry("will_retry", &self.will_retry)?;
        map.serialize_entry("children", &self.children)?;
        map.serialize_entry("events", &self.events)?;
        map.serialize_entry("missing", &self.missing)?;
        map.serialize_entry("last_id", &self.last_id)?;
        map.end()
    }
}

impl Serialize for Phase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("number", &self.number)?;
        map.serialize_entry("parent", &self.parent)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("step", &self.step)?;
        map.serialize_entry("started", &time(self.started))?;
        map.serialize_entry("ended", &time(self.ended))?;
        map.serialize_entry("current", &self.current)?;
        map.serialize_entry("total", &self.total)?;
        map.serialize_entry("percent", &self.percent)?;
        map.serialize_entry("rate", &self.rate)?;
        map.serialize_entry("eta_ms", &millis(self.eta))?;
        map.end()
    }
}

/// A time beyond the calendar is none.
fn time(at: Option<SystemTime>) -> Option<String> {
    let time = Timestamp::of(at?)?;
    Some(time.to_rfc3339().as_str().to_owned())
}

fn millis(time: Option<Duration>) -> Option<u64> {
    u64::try_from(time?.as_millis()).ok()
}
