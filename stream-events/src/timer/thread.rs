//! A thread that drives a timer, one for each process: a fork has none of the threads of its parent.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::Builder as ThreadBuilder;

use tokio::runtime::{Builder, Handle, Runtime};

/// Found without a lock, which a fork might find locked by a thread that it does not have.
pub(super) struct Thread {
    process: u32,
    /// None where it could not be made.
    handle: Option<Handle>,
    is_running: AtomicBool,
    /// Of the fork of the process.
    next: OnceLock<Box<Self>>,
}

impl Thread {
    /// That of this process, made where it is first wanted.
    pub(super) fn of_process(
        first: &'static OnceLock<Box<Self>>,
        name: &'static str,
    ) -> Option<&'static Handle> {
        let process = std::process::id();
        let mut place = first;
        loop {
            let thread = match place.get() {
                Some(thread) => thread,
                None => Self::make(place, process, ThreadBuilder::new().name(name.to_owned())),
            };
            if thread.process == process {
                let handle = thread.handle.as_ref();
                return handle.filter(|_| thread.is_running.load(Relaxed));
            }
            place = &thread.next;
        }
    }

    /// It is put there before it runs, so that of several callers one starts it.
    fn make(place: &OnceLock<Box<Self>>, process: u32, builder: ThreadBuilder) -> &Self {
        let runtime = Builder::new_current_thread().enable_time().build();
        let driven = Driven(runtime.ok());
        let made = Box::new(Self {
            process,
            handle: driven.0.as_ref().map(|runtime| runtime.handle().clone()),
            is_running: AtomicBool::new(true),
            next: OnceLock::new(),
        });
        let is_ours = place.set(made).is_ok();
        let thread = place.wait();
        if is_ours && builder.spawn(move || driven.run()).is_err() {
            thread.is_running.store(false, Relaxed);
            tracing::error!(
                target: "stream_events",
                "no thread can be had for a timer: a `timeout` or `heartbeat` comes where its job is polled, and progress that was held back may be missing"
            );
        }
        thread
    }
}

/// A runtime that may be dropped in another: one by itself would panic there.
struct Driven(Option<Runtime>);

impl Driven {
    fn run(self) {
        if let Some(runtime) = &self.0 {
            runtime.block_on(std::future::pending::<()>());
        }
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_cannot_be_had_is_no_panic_within_a_runtime() {
        let runtime = Builder::new_current_thread().build().unwrap();
        let place = OnceLock::new();
        let too_large = ThreadBuilder::new().stack_size(usize::MAX / 4);
        runtime.block_on(async {
            let thread = Thread::make(&place, std::process::id(), too_large);
            assert!(!thread.is_running.load(Relaxed));
        });
    }

    #[test]
    fn a_process_finds_its_own_and_makes_it_once() {
        static FIRST: OnceLock<Box<Thread>> = OnceLock::new();
        // As a fork finds it.
        let of_parent = Thread::make(&FIRST, 0, ThreadBuilder::new());
        assert_eq!(of_parent.process, 0);
        let made = Thread::of_process(&FIRST, "test").unwrap();
        assert!(std::ptr::eq(
            made,
            Thread::of_process(&FIRST, "test").unwrap()
        ));
        assert!(of_parent.next.get().is_some());
        assert!(
            FIRST
                .get()
                .unwrap()
                .next
                .get()
                .unwrap()
                .next
                .get()
                .is_none()
        );
    }
}
