//! Values that do what values should not.

use std::fmt;

/// A value whose text does what no text should.
#[derive(Clone, Copy)]
pub(crate) struct Odd(pub(crate) fn());

impl fmt::Debug for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.0)();
        f.write_str("odd")
    }
}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
