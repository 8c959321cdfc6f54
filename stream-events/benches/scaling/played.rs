//! What the parts of a benchmark have measured, each in a process of its own.

use crate::part::Numbers;

/// What a part has measured.
pub(crate) struct Played {
    pub(crate) numbers: Numbers,
    /// Of a processor, what the servers do anyway.
    pub(crate) idle: f64,
}

impl Played {
    pub(crate) fn of(&self, name: &str) -> f64 {
        let number = self.numbers.iter().find(|(number, _)| number == name);
        number.unwrap_or_else(|| panic!("no {name}")).1
    }

    /// µs of the servers for each of these, without what they do anyway.
    pub(crate) fn server(&self, count: f64) -> f64 {
        (self.of("server") - self.idle * self.of("seconds")).max(0.0) * 1e6 / count
    }

    pub(crate) fn client(&self, count: f64) -> f64 {
        self.of("client") * 1e6 / count
    }
}

/// A part that was played three times: of each number, the one in the middle counts.
pub(crate) struct Thrice(pub(crate) [Played; 3]);

impl Thrice {
    pub(crate) fn middle(&self, of: impl Fn(&Played) -> f64) -> f64 {
        let mut values = self.0.each_ref().map(of);
        values.sort_by(f64::total_cmp);
        values[1]
    }

    pub(crate) fn of(&self, name: &str) -> f64 {
        self.middle(|part| part.of(name))
    }

    pub(crate) fn server(&self, count: f64) -> f64 {
        self.middle(|part| part.server(count))
    }

    pub(crate) fn client(&self, count: f64) -> f64 {
        self.middle(|part| part.client(count))
    }
}
