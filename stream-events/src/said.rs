//! What is said once in a process, however many handles find it.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Whether it has not been asked before whether this is news.
pub(crate) fn is_news(what: String) -> bool {
    static SAID: Mutex<Option<HashSet<String>>> = Mutex::new(None);
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    let said = said.get_or_insert_default();
    said.len() < MOST && said.insert(what)
}

/// Whether it has not been asked for a while whether this goes on: it begins, and is said, once for all who find it.
pub(crate) fn begins(what: String) -> bool {
    static SAID: Mutex<Option<HashMap<String, Instant>>> = Mutex::new(None);
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    let said = said.get_or_insert_default();
    said.retain(|_, at| at.elapsed() < WHILE);
    let is_heard = said.len() < MOST || said.contains_key(&what);
    is_heard && said.insert(what, Instant::now()).is_none()
}

/// Much longer than between two tries of what goes on.
const WHILE: Duration = Duration::from_secs(60);

/// A process that has said so much has been heard.
const MOST: usize = 256;
