//! Connections of each caller, counted.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;

use super::{Grant, Limits, Problem};

/// Lets in as many as there may be.
#[derive(Debug)]
pub(super) struct Gate {
    each: usize,
    all: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    by_caller: HashMap<Arc<str>, usize>,
    all: usize,
}

/// One connection, for as long as it is kept.
#[derive(Debug)]
pub(super) struct Permit {
    gate: Arc<Gate>,
    caller: Arc<str>,
}

impl Gate {
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            each: limits.connections,
            all: limits.all_connections,
            held: Mutex::default(),
        })
    }

    pub(super) fn enter(self: &Arc<Self>, grant: &Grant) -> Result<Permit, Problem> {
        let caller = grant.name();
        let mut held = self.held();
        if held.all >= self.all {
            return Err(Problem::unavailable(format!(
                "there are {} connections, as many as there may be",
                self.all
            )));
        }
        let of_caller = held.by_caller.get(&caller).copied().unwrap_or(0);
        if of_caller >= self.each {
            return Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                format!("this caller has {of_caller} connections, as many as it may have"),
            ));
        }
        held.all += 1;
        held.by_caller.insert(Arc::clone(&caller), of_caller + 1);
        drop(held);
        let gate = Arc::clone(self);
        Ok(Permit { gate, caller })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut held = self.gate.held();
        held.all = held.all.saturating_sub(1);
        if let Entry::Occupied(mut count) = held.by_caller.entry(Arc::clone(&self.caller)) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_and_all_together_have_as_many_as_they_may_and_leave_nothing_behind() {
        let gate = Gate::new(&Limits::default().connections(2).all_connections(3));
        let enter = |caller: &str| gate.enter(&Grant::to(caller));
        let mut held = vec![enter("a").unwrap(), enter("a").unwrap()];
        let refused = enter("a").unwrap_err();
        assert_eq!(refused.status, 429);
        assert!(refused.detail.contains("has 2 connections"), "{refused:?}");
        held.push(enter("b").unwrap());
        assert_eq!(enter("b").unwrap_err().status, 503);
        held.remove(0);
        held.push(enter("a").unwrap());
        drop(held);
        let held = gate.held();
        assert_eq!((held.all, held.by_caller.len()), (0, 0));
    }
}
