//! The name of a job.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::Error;
use crate::error::{Repr, shown};

/// A job's id: 1 to 256 bytes, no control characters, no `{` and no `}`.
///
/// Braces are refused because they decide the slot of a key in a cluster ([hash
/// tags](https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags)),
/// control characters because ids stand in logs, URLs and server-sent events.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(Arc<str>);

impl JobId {
    /// The most bytes of an id.
    pub const MAX_LEN: usize = 256;

    /// A new id that no other job has: a UUID of version 7, so ids sort by the time they were made.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::now_v7().to_string().into())
    }

    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of the job's stream: the prefix, a colon, the id as it is.
    pub(crate) fn key(&self, prefix: &str) -> String {
        [prefix, ":", self.as_str()].concat()
    }
}

/// Refuses a prefix of keys by the rules of an id.
pub(crate) fn check_prefix(prefix: &str) -> Result<(), Error> {
    let refused = |why| {
        Repr::Prefix {
            shown: shown(prefix),
            why,
        }
        .into()
    };
    fault(prefix).map_or(Ok(()), |why| Err(refused(why)))
}

/// What is wrong with a text that names a job, or the prefix of its key.
fn fault(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("is empty".to_owned());
    }
    if name.len() > JobId::MAX_LEN {
        return Some(format!("has {} bytes", name.len()));
    }
    let wrong = name
        .chars()
        .find(|c| c.is_control() || matches!(c, '{' | '}'))?;
    Some(format!("holds {wrong:?}"))
}

impl TryFrom<&str> for JobId {
    type Error = Error;

    fn try_from(id: &str) -> Result<Self, Error> {
        match fault(id) {
            None => Ok(Self(id.into())),
            Some(why) => Err(Repr::JobId {
                shown: shown(id),
                why,
            }
            .into()),
        }
    }
}

impl TryFrom<String> for JobId {
    type Error = Error;

    fn try_from(id: String) -> Result<Self, Error> {
        id.as_str().try_into()
    }
}

impl TryFrom<&String> for JobId {
    type Error = Error;

    fn try_from(id: &String) -> Result<Self, Error> {
        id.as_str().try_into()
    }
}

impl FromStr for JobId {
    type Err = Error;

    fn from_str(id: &str) -> Result<Self, Error> {
        id.try_into()
    }
}

impl From<&Self> for JobId {
    fn from(id: &Self) -> Self {
        id.clone()
    }
}

impl AsRef<str> for JobId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Serialize for JobId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for JobId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        id.try_into().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobId({:?})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_the_prefix_a_colon_and_the_id_as_it_is() {
        for id in ["job_001", "a b", "用户/7", "x:y", &"x".repeat(256)] {
            assert_eq!(
                JobId::try_from(id).unwrap().key("job_events"),
                format!("job_events:{id}")
            );
        }
    }

    #[test]
    fn a_wrong_id_is_named_with_what_is_accepted() {
        for (id, why) in [
            ("", r#"the job id "" is empty"#),
            ("a{b", r#"the job id "a{b" holds '{'"#),
            ("a}b", r#"the job id "a}b" holds '}'"#),
            ("a\r\nb", r#"the job id "a\r\nb" holds '\r'"#),
            ("a\u{85}", r#"the job id "a\u{85}" holds '\u{85}'"#),
            (
                &"x".repeat(257),
                &format!(r#"the job id "{}…" has 257 bytes"#, "x".repeat(64)),
            ),
        ] {
            let error = JobId::try_from(id).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidJobId);
            let rule = "; a job id has 1 to 256 bytes, no control characters, no `{` and no `}`";
            assert_eq!(error.to_string(), format!("{why}{rule}"));
        }
    }

    #[test]
    fn serde_writes_an_id_as_its_text_and_reads_no_wrong_one() {
        let id: JobId = serde_json::from_str(r#""job_001""#).unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), r#""job_001""#);
        let error = serde_json::from_str::<JobId>(r#""a{b""#).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the job id \"a{b\" holds '{'"),
            "{error}"
        );
    }

    #[test]
    fn random_ids_differ_and_are_valid() {
        let (a, b) = (JobId::random(), JobId::random());
        assert_ne!(a, b);
        assert_eq!(JobId::try_from(a.as_str()).unwrap(), a);
    }
}
