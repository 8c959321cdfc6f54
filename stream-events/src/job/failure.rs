//! How a run failed.

/// As it stands in `error_kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureKind {
    Error,
    Panic,
    /// Given up by the application: nobody tries it again.
    Cancelled,
    /// By the end of its publisher: whoever tries jobs again does so.
    CutShort,
    Timeout,
    /// Never of the run's own: what others write where its process is gone.
    Lost,
}

impl FailureKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Panic => "panic",
            Self::Cancelled | Self::CutShort => "cancelled",
            Self::Timeout => "timeout",
            Self::Lost => "lost",
        }
    }

    /// Whether it is tried again where attempts are left.
    pub(super) fn is_tried_again(self) -> bool {
        self != Self::Cancelled
    }
}
