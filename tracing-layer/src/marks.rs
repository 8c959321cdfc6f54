//! What spans are to us, found by a span's id without its lock.
//!
//! A layer of log lines holds the lock of a span's extensions while it makes a text that is recorded on
//! it. What such a text does itself, or waits for, must not wait for that lock.

mod shard;

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use stream_events::__private::Owner;
use tracing::span::Id;
use tracing_subscriber::Registry;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::adopt::Candidate;
use crate::around::Around;
use crate::phase::Phase;
use crate::steps::Step;
use shard::Shard;
pub(crate) use shard::begin;

/// What one span is to us.
#[derive(Debug, Default)]
pub(crate) struct Mark {
    /// Whose it is.
    pub(crate) owner: OnceLock<Owner>,
    /// What it shows as.
    pub(crate) shown: OnceLock<Around>,
    /// The run of a framework's that it is, or may become.
    pub(crate) candidate: OnceLock<Arc<Candidate>>,
}

impl Mark {
    pub(crate) fn phase(&self) -> Option<&Arc<Phase>> {
        match self.shown.get()? {
            Around::Phase(phase) => Some(phase),
            Around::Step(_) => None,
        }
    }

    pub(crate) fn step(&self) -> Option<&Arc<Step>> {
        match self.shown.get()? {
            Around::Step(step) => Some(step),
            Around::Phase(_) => None,
        }
    }
}

/// Where the spans are: the place in memory of their registry, where that is known. It stays there as
/// long as it has spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Store(Option<usize>);

impl Store {
    pub(crate) fn of(registry: Option<&Registry>) -> Self {
        Self(registry.map(|registry| std::ptr::from_ref(registry).addr()))
    }

    pub(crate) fn unknown() -> Self {
        Self(None)
    }

    /// What this span is to us. No lock on it is taken, unless its store is not known.
    pub(crate) fn mark<'a, R: LookupSpan<'a>>(self, span: &SpanRef<'a, R>) -> Option<Arc<Mark>> {
        self.find(&span.id(), || Some(span.extensions().get::<Held>()?.mark()))
    }

    /// Has a span be something to us.
    pub(crate) fn set<'a, R: LookupSpan<'a>>(self, span: &SpanRef<'a, R>, set: impl FnOnce(&Mark)) {
        if let Some(mark) = self.mark(span) {
            return set(&mark);
        }
        let mut extensions = span.extensions_mut();
        if let Some(held) = extensions.get_mut::<Held>() {
            return set(&held.mark);
        }
        let mark = Arc::<Mark>::default();
        set(&mark);
        extensions.insert(Held::new(Key::of(self, &span.id()), mark));
    }

    fn find(self, id: &Id, held: impl FnOnce() -> Option<Arc<Mark>>) -> Option<Arc<Mark>> {
        let Some(key) = Key::of(self, id) else {
            return held();
        };
        let found = key.shard().get(&key);
        found.or_else(|| (HIDDEN.load(Relaxed) > 0).then(held)?)
    }
}

/// What a span of this registry is to us.
pub(crate) fn mark_in(registry: &Registry, id: &Id) -> Option<Arc<Mark>> {
    Store::of(Some(registry)).find(id, || {
        let span = registry.span(id)?;
        let extensions = span.extensions();
        Some(extensions.get::<Held>()?.mark())
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    store: usize,
    span: u64,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.mixed());
    }
}

impl Key {
    fn of(Store(store): Store, span: &Id) -> Option<Self> {
        let span = span.into_u64();
        store.map(|store| Self { store, span })
    }

    fn shard(self) -> &'static Shard {
        &SHARDS[(self.mixed() >> 60) as usize]
    }

    /// The ids of spans that are made by several threads, or one after the other, differ in few bits. What
    /// this has of them stands in its first ones.
    fn mixed(self) -> u64 {
        (self.span ^ self.store as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

/// The marks of all spans that are there.
static SHARDS: [Shard; 16] = [const { Shard::new() }; 16];

/// How many spans are marked whose store was not known: not every wrapper of a layer tells it where it
/// is. Their marks can only be found on themselves.
static HIDDEN: AtomicUsize = AtomicUsize::new(0);

/// What a span's extensions hold. The registry drops them when the span is closed, whoever sees that, and
/// only then is its id another's.
#[derive(Debug)]
struct Held {
    key: Option<Key>,
    mark: Arc<Mark>,
}

impl Held {
    fn new(key: Option<Key>, mark: Arc<Mark>) -> Self {
        match key {
            Some(key) => key.shard().insert(key, &mark),
            None => {
                HIDDEN.fetch_add(1, Relaxed);
            }
        }
        Self { key, mark }
    }

    fn mark(&self) -> Arc<Mark> {
        Arc::clone(&self.mark)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        match self.key {
            Some(key) => key.shard().remove(&key),
            None => {
                HIDDEN.fetch_sub(1, Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stream_events::Publisher;
    use tracing::dispatcher::with_default;
    use tracing::{Dispatch, Span, info_span};
    use tracing_subscriber::layer::Identity;
    use tracing_subscriber::prelude::*;
    use tracing_subscriber::registry;

    /// Without a layer nothing is ever closed.
    fn subscriber() -> Dispatch {
        Dispatch::new(registry().with(Identity::new()))
    }

    fn registry_of(dispatch: &Dispatch) -> &Registry {
        dispatch.downcast_ref().unwrap()
    }

    /// A span that is something to us.
    fn marked(dispatch: &Dispatch, store: Store) -> (Span, Id) {
        let span = with_default(dispatch, || info_span!("marked"));
        let id = span.id().unwrap();
        let publisher = Publisher::connect("memory:marks").unwrap();
        let owner = Owner::of(&publisher.job("job_001", "t").unwrap());
        store.set(&registry_of(dispatch).span(&id).unwrap(), |mark| {
            mark.owner.set(owner).unwrap();
        });
        (span, id)
    }

    #[test]
    fn what_a_span_is_to_us_is_found_while_its_lock_is_held_and_forgotten_when_it_closes() {
        let dispatch = subscriber();
        let registry = registry_of(&dispatch);
        let (span, id) = marked(&dispatch, Store::of(Some(registry)));
        let kept = registry.span(&id).unwrap();
        let locked = kept.extensions_mut();
        assert!(mark_in(registry, &id).unwrap().owner.get().is_some());
        drop(locked);
        drop((kept, span));
        assert!(mark_in(registry, &id).is_none());
    }

    #[test]
    fn a_registry_that_is_gone_leaves_nothing_of_spans_that_were_never_closed() {
        let dispatch = subscriber();
        let store = Store::of(Some(registry_of(&dispatch)));
        let (span, id) = marked(&dispatch, store);
        let key = Key::of(store, &dispatch.clone_span(&id)).unwrap();
        drop(span);
        assert!(key.shard().get(&key).is_some());
        drop(dispatch);
        assert!(key.shard().get(&key).is_none());
    }

    #[test]
    fn what_was_marked_where_the_store_was_not_known_is_found_all_the_same() {
        let dispatch = subscriber();
        let registry = registry_of(&dispatch);
        let (span, id) = marked(&dispatch, Store::unknown());
        assert!(mark_in(registry, &id).unwrap().owner.get().is_some());
        drop(span);
        assert!(mark_in(registry, &id).is_none());
    }
}
