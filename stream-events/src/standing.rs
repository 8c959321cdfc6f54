//! What `progress!` takes for the numbers that readers know.

use core::num::NonZero;

/// A number that `percent` takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no percentage",
    label = "not a number",
    note = "`percent` is a number from 0 to 100, a reference to one, or an `Option` of one; what is none needs a name of its own"
)]
pub trait Percent {}

/// A number that `current` and `total` take.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not count anything",
    label = "not a whole number",
    note = "`current` and `total` are whole numbers, as of rows or bytes, references to one, or an `Option` of one; what is none needs a name of its own"
)]
pub trait Count {}

/// `value`, which is a percentage.
#[inline]
pub fn percent<N: Percent>(value: N) -> N {
    value
}

/// `value`, which counts.
#[inline]
pub fn count<N: Count>(value: N) -> N {
    value
}

macro_rules! whole {
    ($($number:ty)*) => {$(
        impl Percent for $number {}
        impl Count for $number {}
        impl Count for NonZero<$number> {}
    )*};
}

whole!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

impl Percent for f32 {}
impl Percent for f64 {}
impl<N: Percent + ?Sized> Percent for &N {}
impl<N: Count + ?Sized> Count for &N {}
impl<N: Percent> Percent for Option<N> {}
impl<N: Count> Count for Option<N> {}
