//! A stream's entry as any client gets it.

use serde_json::Value;

/// An entry as the server has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEntry {
    /// `<ms>-<n>`
    pub id: String,
    /// Names and values, in their order.
    pub fields: Vec<(String, String)>,
}

impl RawEntry {
    /// Of what a client gets: the id, names and values one after the other.
    #[must_use]
    pub fn new((id, flat): (String, Vec<String>)) -> Self {
        let pair = |pair: &[String]| (pair[0].clone(), pair[1].clone());
        let fields = flat.chunks(2).map(pair).collect();
        Self { id, fields }
    }

    /// A field's value, empty where there is none.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        self.fields
            .iter()
            .find(|(field, _)| field == name)
            .map_or("", |(_, value)| value)
    }

    /// The JSON of `data`.
    #[must_use]
    pub fn data(&self) -> Value {
        serde_json::from_str(self.field("data")).unwrap()
    }
}

/// The seqs of those entries that have one.
#[must_use]
pub fn seqs(entries: &[RawEntry]) -> Vec<u64> {
    entries
        .iter()
        .filter_map(|entry| entry.data()["seq"].as_u64())
        .collect()
}

/// The types of these entries, a failure's with its kind: `task_failed: lost`.
#[must_use]
pub fn kinds(entries: &[RawEntry]) -> Vec<String> {
    let kind = |entry: &RawEntry| match entry.data()["error_kind"].as_str() {
        Some(kind) => format!("{}: {kind}", entry.field("event_type")),
        None => entry.field("event_type").to_owned(),
    };
    entries.iter().map(kind).collect()
}
