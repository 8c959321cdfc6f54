//! Which publisher belongs to the test that runs here.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::runtime::{self, Handle};

use crate::job::{self, Job};
use crate::publisher::Publisher;

/// Names a test.
type Test = u64;

/// A test's publisher is that of its thread and runtime for as long as this is there.
pub(super) struct Bound {
    test: Test,
    /// What the thread and the runtime had before, which they get back.
    before: Option<Test>,
    runtime: Option<(runtime::Id, Option<Test>)>,
}

#[derive(Default)]
struct Tests {
    next: Test,
    publishers: HashMap<Test, Publisher>,
    runtimes: HashMap<runtime::Id, Test>,
}

static TESTS: LazyLock<RwLock<Tests>> = LazyLock::new(RwLock::default);
/// So that a program without tests costs one load.
static IS_USED: AtomicBool = AtomicBool::new(false);

thread_local! {
    static OF_THREAD: Cell<Option<Test>> = const { Cell::new(None) };
}

impl Bound {
    pub(super) fn to(publisher: &Publisher) -> Self {
        IS_USED.store(true, Relaxed);
        let mut tests = write();
        let test = tests.next;
        tests.next += 1;
        tests.publishers.insert(test, publisher.clone());
        let of_runtime = |id| (id, tests.runtimes.insert(id, test));
        Self {
            test,
            before: OF_THREAD.replace(Some(test)),
            runtime: current_runtime().map(of_runtime),
        }
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        let mut tests = write();
        let publisher = tests.publishers.remove(&self.test);
        tests.runtimes.retain(|_, test| *test != self.test);
        if let Some((runtime, Some(before))) = self.runtime {
            tests.runtimes.entry(runtime).or_insert(before);
        }
        drop(tests);
        if OF_THREAD.get() == Some(self.test) {
            OF_THREAD.set(self.before);
        }
        // It may be its last handle: that is no work to do under the lock.
        drop(publisher);
    }
}

/// The publisher of the test that the caller is part of.
pub(crate) fn current() -> Option<Publisher> {
    if !IS_USED.load(Relaxed) {
        return None;
    }
    let job = job::current();
    job.and_then(|job| of_job(&job)).or_else(of_place)
}

fn of_job(job: &Job) -> Option<Publisher> {
    let tests = read();
    let mut publishers = tests.publishers.values();
    let is_its = |publisher: &&Publisher| Arc::ptr_eq(&publisher.core, job.core());
    publishers.find(is_its).cloned()
}

fn of_place() -> Option<Publisher> {
    let runtime = current_runtime();
    let tests = read();
    let of_thread = OF_THREAD.try_with(Cell::get).unwrap_or(None);
    let of_thread = of_thread.filter(|test| tests.publishers.contains_key(test));
    let of_runtime = runtime.and_then(|id| tests.runtimes.get(&id).copied());
    let publisher = tests.publishers.get(&of_thread.or(of_runtime)?).cloned();
    drop(tests);
    if let (Some(test), Some(runtime), None) = (of_thread, runtime, of_runtime) {
        // A test that has made its runtime after it was started.
        write().runtimes.entry(runtime).or_insert(test);
    }
    publisher
}

fn current_runtime() -> Option<runtime::Id> {
    Handle::try_current().ok().map(|handle| handle.id())
}

fn read() -> RwLockReadGuard<'static, Tests> {
    TESTS.read().unwrap_or_else(PoisonError::into_inner)
}

fn write() -> RwLockWriteGuard<'static, Tests> {
    TESTS.write().unwrap_or_else(PoisonError::into_inner)
}
