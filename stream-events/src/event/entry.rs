//! An entry of a stream as it was read: an id and fields, whatever they are.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::EventId;

/// Its bytes stand on a page that it shares with those that were read with it, and are never copied.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) id: EventId,
    page: Arc<Vec<u8>>,
    spots: Spots,
}

/// Where on the page a field's name and value stand.
pub(crate) type Spot = [Range<usize>; 2];

/// Of all fields of an entry.
#[derive(Clone)]
pub(crate) enum Spots {
    /// As ours have them.
    Three([Spot; 3]),
    Any(Box<[Spot]>),
}

impl Entry {
    /// With these fields, on a page of its own.
    pub(crate) fn new<N: AsRef<[u8]>, V: AsRef<[u8]>>(
        id: EventId,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut page = Vec::new();
        let mut put = |text: &[u8]| {
            let start = page.len();
            page.extend_from_slice(text);
            start..page.len()
        };
        let spots = fields
            .into_iter()
            .map(|(name, value)| [put(name.as_ref()), put(value.as_ref())]);
        let spots = spots.collect();
        Self::on(Arc::new(page), id, spots)
    }

    pub(crate) fn on(page: Arc<Vec<u8>>, id: EventId, spots: Spots) -> Self {
        Self { id, page, spots }
    }

    /// In their order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let text = |spot: &Range<usize>| self.page.get(spot.clone()).unwrap_or_default();
        let spots = match &self.spots {
            Spots::Three(spots) => &spots[..],
            Spots::Any(spots) => spots,
        };
        spots
            .iter()
            .map(move |[name, value]| (text(name), text(value)))
    }

    /// The first field of that name.
    pub(crate) fn field(&self, name: &str) -> Option<&[u8]> {
        let mut fields = self.fields();
        let found = fields.find(|(found, _)| *found == name.as_bytes());
        found.map(|(_, value)| value)
    }

    /// Bytes of its fields.
    pub(crate) fn size(&self) -> usize {
        let sizes = self.fields().map(|(name, value)| name.len() + value.len());
        sizes.sum()
    }
}

impl FromIterator<Spot> for Spots {
    fn from_iter<I: IntoIterator<Item = Spot>>(spots: I) -> Self {
        let mut spots = spots.into_iter();
        let three: [Option<Spot>; 3] = std::array::from_fn(|_| spots.next());
        match (three, spots.next()) {
            ([Some(a), Some(b), Some(c)], None) => Self::Three([a, b, c]),
            (few, next) => Self::Any(few.into_iter().flatten().chain(next).chain(spots).collect()),
        }
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.fields().eq(other.fields())
    }
}

impl Eq for Entry {}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |(name, value)| [name, value].map(String::from_utf8_lossy);
        let fields: Vec<_> = self.fields().map(text).collect();
        f.debug_struct("Entry")
            .field("id", &self.id)
            .field("fields", &fields)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_as_they_were_written_however_many() {
        let names = ["a", "", "c", "a", "e"];
        for count in 0..=names.len() {
            let fields: Vec<_> = names[..count]
                .iter()
                .zip(["1", "2", "3", "4", ""])
                .collect();
            let entry = Entry::new(EventId::ZERO, fields.clone());
            let read = entry
                .fields()
                .map(|(name, value)| [name, value].map(|text| std::str::from_utf8(text).unwrap()));
            let expected: Vec<_> = fields
                .iter()
                .map(|(name, value)| [**name, *value])
                .collect();
            assert_eq!(read.collect::<Vec<_>>(), expected);
            assert_eq!(entry.field("a"), (count > 0).then_some(&b"1"[..]));
            assert_eq!(entry.field("none"), None);
        }
    }
}
