//! The locks and atomics that jobs and the worker meet at: the standard library's, or those of a
//! scheduler that tries the orders in which they can meet, for the [models](crate::queue).

#[cfg(shuttle)]
pub(crate) use shuttle::sync::{Mutex, MutexGuard, PoisonError, TryLockError, atomic};
#[cfg(not(shuttle))]
pub(crate) use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError, atomic};
