//! What stands in an entry's fields.

/// The values of `data`, `timestamp` and `event_type`, one behind the other in one piece of memory:
/// each event has some, and they are passed on a few times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Values {
    text: Vec<u8>,
    data: usize,
    timestamp: usize,
}

impl Values {
    /// Takes the memory of `data`, in which there may be room for the others.
    pub(crate) fn new(data: Vec<u8>, timestamp: &[u8], event_type: &str) -> Self {
        let mut values = Self {
            data: data.len(),
            timestamp: timestamp.len(),
            text: data,
        };
        values.text.extend_from_slice(timestamp);
        values.text.extend_from_slice(event_type.as_bytes());
        values
    }

    /// In the order of [`FIELDS`](super::FIELDS).
    pub(crate) fn each(&self) -> [&[u8]; 3] {
        let (data, others) = self.text.split_at(self.data);
        let (timestamp, event_type) = others.split_at(self.timestamp);
        [data, timestamp, event_type]
    }

    pub(crate) fn data(&self) -> &[u8] {
        self.each()[0]
    }

    pub(crate) fn event_type(&self) -> &[u8] {
        self.each()[2]
    }

    /// Bytes of all.
    pub(crate) fn size(&self) -> usize {
        self.text.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stands_by_itself() {
        let values = Values::new(b"{}".to_vec(), b"2025", "task_started");
        assert_eq!(values.each(), [&b"{}"[..], b"2025", b"task_started"]);
        assert_eq!(values.data(), b"{}");
        assert_eq!(values.event_type(), b"task_started");
        assert_eq!(values.size(), 18);
        let empty = Values::new(Vec::new(), b"", "");
        assert_eq!(empty.each(), [b""; 3]);
    }
}
