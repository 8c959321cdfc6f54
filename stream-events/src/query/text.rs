//! A text that terms look at: read and folded once, however many they are.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::pattern::folded;
use super::work::Work;

pub(super) struct Text<'t> {
    plain: Cow<'t, str>,
    /// Without case; none where that is the same.
    folded: OnceCell<Option<String>>,
}

impl<'t> Text<'t> {
    pub(super) fn new(plain: Cow<'t, str>) -> Self {
        let folded = OnceCell::new();
        Self { plain, folded }
    }

    pub(super) fn plain(&self) -> &str {
        &self.plain
    }

    pub(super) fn folded(&self, work: &Work) -> &str {
        let fold = || {
            work.add(self.plain.len());
            match folded(&self.plain) {
                Cow::Owned(folded) => Some(folded),
                Cow::Borrowed(_) => None,
            }
        };
        let folded = self.folded.get_or_init(fold);
        folded.as_deref().unwrap_or(&self.plain)
    }
}
