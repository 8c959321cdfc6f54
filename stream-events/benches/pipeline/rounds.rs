//! Turns of one run: rounds in which each takes its turn, and what comes of them.

use std::collections::BTreeMap;

use crate::part::Numbers;

pub(crate) const ROUNDS: usize = 5;

/// One of those that take turns, and what one turn of it measures.
pub(crate) struct Turn<'a> {
    name: &'a str,
    take: Box<dyn Fn() -> Numbers + 'a>,
}

pub(crate) fn turn<'a>(name: &'a str, take: impl Fn() -> Numbers + 'a) -> Turn<'a> {
    let take = Box::new(take);
    Turn { name, take }
}

/// What each turn of each round measured.
pub(crate) struct Rounds(BTreeMap<(String, String), Vec<f64>>);

impl Rounds {
    /// Every second round goes the other way, so that none is always behind the same neighbour.
    pub(crate) fn of(turns: &[Turn<'_>]) -> Self {
        let mut taken: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for round in 0..ROUNDS {
            let mut order: Vec<_> = turns.iter().collect();
            if round % 2 == 1 {
                order.reverse();
            }
            for turn in order {
                for (number, value) in (turn.take)() {
                    let of = (turn.name.to_owned(), number);
                    taken.entry(of).or_default().push(value);
                }
            }
        }
        Self(taken)
    }

    /// One number of one of them, by rounds.
    pub(crate) fn series(&self, turn: &str, number: &str) -> Series {
        let of = (turn.to_owned(), number.to_owned());
        let series = self.0.get(&of);
        Series(
            series
                .unwrap_or_else(|| panic!("{turn} has no {number}"))
                .clone(),
        )
    }
}

/// A number of each round.
#[derive(Clone)]
pub(crate) struct Series(Vec<f64>);

impl Series {
    /// This over that, each within its round.
    pub(crate) fn over(&self, other: &Self) -> Self {
        let pairs = self.0.iter().zip(&other.0);
        Self(pairs.map(|(this, that)| this / that).collect())
    }

    pub(crate) fn times(&self, factor: f64) -> Self {
        Self(self.0.iter().map(|value| value * factor).collect())
    }

    pub(crate) fn median(&self) -> f64 {
        let mut values = self.0.clone();
        quantile(&mut values, 0.5)
    }

    pub(crate) fn least(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    pub(crate) fn most(&self) -> f64 {
        self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }
}

/// The value that this part of all is not above.
pub(crate) fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    values[(last as f64 * part).round() as usize]
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
