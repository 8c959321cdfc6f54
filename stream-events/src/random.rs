//! Numbers that nobody else draws, without a system call for each.

use uuid::Uuid;

use crate::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// One of a publisher's own: a fork has a copy, with the same numbers to come, and its publisher does
/// nothing. Machines that go on from one snapshot of a process have the same ones, too.
///
/// The system draws the first number, of 122 random bits as all UUIDs of version 4, and each that follows
/// is one step further. So the same one never comes twice, and two publishers meet only where their first
/// ones are so many steps apart: for each pair of them that is as likely as that two UUIDs are the same,
/// times the numbers that they draw, where if the system drew all it would be times the square of that.
#[derive(Debug)]
pub(crate) struct Random {
    first: u128,
    drawn: AtomicU64,
}

impl Default for Random {
    fn default() -> Self {
        Self {
            first: Uuid::new_v4().as_u128(),
            drawn: AtomicU64::new(0),
        }
    }
}

impl Random {
    pub(crate) fn draw(&self) -> u128 {
        let steps = u128::from(self.drawn.fetch_add(1, Relaxed));
        self.first.wrapping_add(steps.wrapping_mul(STEP))
    }
}

/// Odd, so that it leads through all numbers before it comes back to the first; the golden section of
/// all of them, so that what is drawn one after the other differs from the first digit on.
const STEP: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_number_comes_twice_and_neighbours_differ_from_their_first_digit_on() {
        let (one, other) = (Random::default(), Random::default());
        let drawn: Vec<_> = (0..10_000)
            .flat_map(|_| [one.draw(), other.draw()])
            .collect();
        assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), drawn.len());
        let steps = drawn.chunks_exact(2).map(|both| both[0] >> 124);
        let steps: Vec<_> = steps.collect();
        assert!(steps.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
