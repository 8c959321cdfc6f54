//! What is said once in a process, however many handles find it.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Whether it has not been asked before whether this is news.
pub(crate) fn is_news(what: String) -> bool {
    static SAID: Mutex<Option<HashSet<String>>> = Mutex::new(None);
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    let said = said.get_or_insert_default();
    said.len() < MOST && said.insert(what)
}

/// A process that has said so much has been heard.
const MOST: usize = 256;
