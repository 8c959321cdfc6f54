//! What becomes of a job.

/// Neither says `Result`.
pub(crate) type Outcome = Fallible<u8>;
pub(crate) type Fallible<T> = Result<T, String>;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    Done,
    Refused,
    Panic,
}

impl Fate {
    pub(crate) fn meet(self) -> Outcome {
        match self {
            Self::Done => Ok(3),
            Self::Refused => Err("out of ink".to_owned()),
            Self::Panic => panic!("out of paper"),
        }
    }
}
