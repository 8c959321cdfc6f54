//! Where a run comes from, as the attribute says it.

use std::fmt;

use super::start::Start;
use crate::event::value;
use crate::job::JobId;
use crate::worker::Notice;

/// Which try a run is, or how many there are.
#[diagnostic::on_unimplemented(
    message = "`{Self}` counts no attempts: it is not an integer",
    label = "not a number of attempts",
    note = "`attempt` and `max_attempts` take an integer, counted from 1, or an `Option` of one, where `None` is not known"
)]
pub trait AttemptNumber {
    /// The number, where it is known; a negative one is none.
    fn number(&self) -> Option<u64>;
}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl AttemptNumber for $integer {
            fn number(&self) -> Option<u64> {
                u64::try_from(*self).ok()
            }
        }
    )*};
}

integers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

impl<N: AttemptNumber + ?Sized> AttemptNumber for &N {
    fn number(&self) -> Option<u64> {
        (**self).number()
    }
}

impl<N: AttemptNumber> AttemptNumber for Option<N> {
    fn number(&self) -> Option<u64> {
        self.as_ref()?.number()
    }
}

/// What can name a run's parent: anything that displays, or an `Option` of it. `How` tells the two apart.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parent's id: it does not implement `Display`",
    label = "not a job's id",
    note = "`parent` takes the id of the job that this one is part of, as in `parent = order.job_id`, or an `Option` of one; without it, that is the job in which this one is called, and with `parent = none` there is none"
)]
pub trait ParentSource<How> {
    /// The id's text, where it is known.
    fn text(&self) -> Option<String>;
}

/// By a value that displays.
#[derive(Debug)]
#[non_exhaustive]
pub struct Displayed;

/// By one that may be there.
#[derive(Debug)]
#[non_exhaustive]
pub struct Perhaps;

impl<T: fmt::Display + ?Sized> ParentSource<Displayed> for T {
    fn text(&self) -> Option<String> {
        Some(value::text(self))
    }
}

impl<T: fmt::Display> ParentSource<Perhaps> for Option<T> {
    fn text(&self) -> Option<String> {
        self.as_ref().map(value::text)
    }
}

impl<T: fmt::Display> ParentSource<Perhaps> for &Option<T> {
    fn text(&self) -> Option<String> {
        self.as_ref().map(value::text)
    }
}

impl Start {
    /// Which try of the job this run is.
    pub fn attempt<N: AttemptNumber + ?Sized>(self, attempt: &N) -> Self {
        self.with(|plan| plan.origin.attempt = attempt.number())
    }

    /// How many tries the job has at most.
    pub fn max_attempts<N: AttemptNumber + ?Sized>(self, most: &N) -> Self {
        self.with(|plan| plan.origin.max_attempts = most.number())
    }

    /// The job that this one is part of; where there is none, that in which it is called. An id that
    /// cannot be one is said in the log, once a minute, and left out.
    pub fn parent<How, I: ParentSource<How> + ?Sized>(self, id: &I) -> Self {
        self.with_core(|core, plan| match id.text().map(JobId::try_from) {
            None => {}
            Some(Ok(parent)) => plan.origin.parent = Some(parent.to_string()),
            Some(Err(error)) => {
                core.complain(&core.complaints.parentless, || Notice::Parentless {
                    task_type: plan.task_type.to_string(),
                    why: error.to_string(),
                });
            }
        })
    }

    /// Part of no other job, wherever it is called.
    pub fn no_parent(self) -> Self {
        self.with(|plan| plan.stands_alone = true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_attempts_is_one_that_is_known_and_not_negative() {
        assert_eq!(3_u8.number(), Some(3));
        assert_eq!((&&7_i64).number(), Some(7));
        assert_eq!(Some(2_usize).number(), Some(2));
        assert_eq!((-1_i32).number(), None);
        assert_eq!(u128::MAX.number(), None);
        assert_eq!(None::<u32>.number(), None);
    }
}
