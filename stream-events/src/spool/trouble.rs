//! What can go wrong with a spool's file: for good, or for a while.

use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What went wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) why: String,
    /// Whether the file itself is at fault, for good: not the disk, or what else may pass.
    pub(super) is_broken: bool,
    pub(super) is_gone: bool,
}

impl Trouble {
    pub(super) fn of(error: &redb::Error) -> Self {
        let is_broken = match error {
            redb::Error::Io(why) => {
                matches!(
                    why.kind(),
                    ErrorKind::InvalidData | ErrorKind::UnexpectedEof
                )
            }
            redb::Error::PreviousIo | redb::Error::DatabaseAlreadyOpen => false,
            _ => true,
        };
        let is_gone = matches!(error, redb::Error::Io(why) if why.kind() == ErrorKind::NotFound);
        Self {
            why: error.to_string(),
            is_broken,
            is_gone,
        }
    }
}

/// A file that is broken may make redb panic. That is an error like any other.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, Trouble> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(|error| Trouble::of(&error)),
        Err(_panic) => Err(Trouble {
            why: "the file is broken".to_owned(),
            is_broken: true,
            is_gone: false,
        }),
    }
}
