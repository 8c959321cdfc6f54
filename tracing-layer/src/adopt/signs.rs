//! By what a framework shows how a job ended.

/// The event by which a failure is said.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    /// With this message, and the error in this field.
    Message(String, String),
    /// What `#[instrument(err)]` writes, at the place of the span: an event with the field `error` alone.
    Error,
    None,
}

/// The event by which a failure is said when the span is closed: one with the fields that name the job.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Afterwards {
    /// Its message where another try follows.
    pub(crate) again: &'static str,
    /// And where none does.
    pub(crate) last: &'static str,
    /// The field that says why.
    pub(crate) error: &'static str,
}

/// What the end of a span means in which nothing was said.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unsaid {
    Unknown,
    Failed(&'static str),
    Cancelled(&'static str),
}
