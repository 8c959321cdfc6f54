//! Appends of many jobs, each to the server that has its stream.

use std::sync::Arc;
use std::time::Duration;

use super::super::super::{Append, Appended, BoxFuture, Class, Connection, Fault, NewEntry};
use super::super::Link;
use super::nodes::PATIENCE;
use super::spread::Errand;

pub(super) struct Appends;

impl Errand for Appends {
    type Item = Arc<Append>;
    type Answer = Appended;

    fn key(append: &Arc<Append>) -> &str {
        &append.key
    }

    fn ask(
        link: &Link,
        appends: Vec<Arc<Append>>,
    ) -> BoxFuture<'static, Result<Vec<Appended>, Fault>> {
        link.append(appends)
    }

    /// Where transactions are not allowed, some of the entries may have been taken before the slot moved:
    /// the others are refused then, and come again.
    fn refusal(appended: &Appended) -> Option<&Fault> {
        match appended.iter().any(Result::is_ok) {
            true => None,
            false => appended.iter().find_map(|result| result.as_ref().err()),
        }
    }

    fn refused(append: &Arc<Append>, fault: &Fault) -> Appended {
        append.entries.iter().map(|_| Err(fault.clone())).collect()
    }

    /// It is known not to be there.
    fn unsent() -> Class {
        Class::Later
    }

    fn time(appends: &[Arc<Append>]) -> Option<Duration> {
        let sizes = appends
            .iter()
            .flat_map(|append| &append.entries)
            .map(NewEntry::size);
        let bytes: usize = sizes.sum();
        Some(PATIENCE + Duration::from_secs_f64(bytes as f64 / SLOWEST))
    }
}

/// Bytes per second of a network that is slow.
const SLOWEST: f64 = 256.0 * 1024.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventId;

    #[test]
    fn what_is_there_in_part_is_not_sent_elsewhere() {
        let moved = || Err(Fault::new(Class::Elsewhere, "MOVED 1 a:1"));
        let there = Ok(EventId::new(1, 1));
        let class = |appended: Appended| Appends::refusal(&appended).map(|fault| fault.class);
        assert_eq!(class(vec![moved(), moved()]), Some(Class::Elsewhere));
        assert_eq!(class(vec![there.clone(), moved()]), None);
        assert_eq!(class(vec![there]), None);
        assert_eq!(class(vec![]), None);
    }
}
