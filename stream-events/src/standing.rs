//! What `progress!` takes for the numbers that readers know, and for all other fields. These functions do
//! nothing but have the compiler say of a value that it is none, once, and where it stands: `tracing` has it
//! say so twice, of the whole macro.

use core::fmt;
use core::num::NonZero;

use tracing::Value;
use tracing::field::DisplayValue;

/// A number that `percent` takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no percentage",
    label = "not a number",
    note = "`percent` is a number from 0 to 100, a reference to one, or an `Option` of one; what is none needs a name of its own"
)]
pub trait Percent: Value + Sized {}

/// A number that `current` and `total` take.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not count anything",
    label = "not a whole number",
    note = "`current` and `total` are whole numbers, as of rows or bytes, references to one, or an `Option` of one; what is none needs a name of its own"
)]
pub trait Count: Value + Sized {}

/// A value that can be a field as it is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field as it is",
    label = "put `%` before it to have it by `Display`, or `?` by `Debug`",
    note = "as it is, a field is a number, a text, a `bool` or a `&dyn Error`, a reference to one, or an `Option` of one; `name = %value` and `name = ?value` are texts"
)]
pub trait Recorded {
    /// The value, as `tracing` takes it.
    fn value(&self) -> &dyn Value;
}

#[diagnostic::do_not_recommend]
impl<V: Value> Recorded for V {
    #[inline]
    fn value(&self) -> &dyn Value {
        self
    }
}

/// `value`, as a field.
#[inline]
pub fn recorded<V: Recorded>(value: &V) -> &dyn Value {
    value.value()
}

/// A value that can be a field by `Display`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field by `%`: it does not implement `Display`",
    label = "put `?` in place of `%` to have it by `Debug`"
)]
pub trait Shown: fmt::Display {}

#[diagnostic::do_not_recommend]
impl<V: fmt::Display + ?Sized> Shown for V {}

/// `value`, as a field, by `Display`.
#[inline]
pub fn displayed<V: Shown + ?Sized>(value: &V) -> DisplayValue<Written<'_, V>> {
    tracing::field::display(Written(value, V::fmt))
}

/// `value`, as a field, by `Debug`.
#[inline]
pub fn debugged<V: fmt::Debug + ?Sized>(value: &V) -> DisplayValue<Written<'_, V>> {
    tracing::field::display(Written(value, V::fmt))
}

/// `value`, which is a percentage.
#[inline]
pub fn percent<N: Percent>(value: &N) -> &dyn Value {
    value
}

/// `value`, which counts.
#[inline]
pub fn count<N: Count>(value: &N) -> &dyn Value {
    value
}

/// A value, and how it is written. It can be whatever value it is of, so that there is nothing more to say
/// of one that cannot.
pub struct Written<'a, V: ?Sized>(&'a V, fn(&V, &mut fmt::Formatter<'_>) -> fmt::Result);

impl<V: ?Sized> fmt::Display for Written<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(value, write) = self;
        write(value, f)
    }
}

impl<V: ?Sized> fmt::Debug for Written<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
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
impl<N: Percent> Percent for &N {}
impl<N: Count> Count for &N {}
impl<N: Percent> Percent for Option<N> {}
impl<N: Count> Count for Option<N> {}
