//! What was measured, for people and for `docs/PERFORMANCE.md`.

use std::fmt;

use crate::grouped::grouped;
use crate::rounds::Series;

/// A line of the table.
pub(crate) struct Row {
    what: String,
    ours: String,
    beside: String,
    judged: Option<(Series, Bound)>,
}

#[derive(Clone, Copy)]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
    /// It is there to be looked at.
    None,
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, ours: &Series, unit: &str) -> Self {
        Self {
            what: what.into(),
            ours: shown(ours, unit),
            beside: String::new(),
            judged: None,
        }
    }

    /// What it is measured against, by the ratio.
    pub(crate) fn beside(mut self, what: &str, series: &Series, unit: &str) -> Self {
        self.beside = format!("{what}: {}", shown(series, unit));
        self
    }

    /// What has to hold for the median of this.
    pub(crate) fn reach(mut self, series: Series, bound: Bound) -> Self {
        self.judged = Some((series, bound));
        self
    }

    fn cells(&self) -> [String; 6] {
        let (judged, bound, is_reached) = match &self.judged {
            None => Default::default(),
            Some((series, bound)) => {
                let median = series.median();
                let (bound, is_reached) = match *bound {
                    Bound::AtMost(most) => (format!("≤ {}", number(most)), Some(median <= most)),
                    Bound::AtLeast(least) => {
                        (format!("≥ {}", number(least)), Some(median >= least))
                    }
                    Bound::None => (String::new(), None),
                };
                let said =
                    is_reached.map_or("", |is_reached| if is_reached { "yes" } else { "**no**" });
                (shown(series, ""), bound, said.to_owned())
            }
        };
        [
            self.what.clone(),
            self.ours.clone(),
            self.beside.clone(),
            judged,
            bound,
            is_reached,
        ]
    }
}

/// What the rows of a table of Markdown stand below.
pub(crate) const HEAD: &str =
    "| what | here | beside it | judged | reach | reached |\n|---|---|---|---|---|---|";

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| {} |", self.cells().join(" | "))
    }
}

/// The median and the spread of a number's rounds.
fn shown(series: &Series, unit: &str) -> String {
    let space = if unit.is_empty() || unit.starts_with('/') {
        ""
    } else {
        " "
    };
    let [median, least, most] = [series.median(), series.least(), series.most()].map(number);
    format!("{median}{space}{unit} ({least}–{most})")
}

/// Three digits that count, and thousands with commas.
fn number(value: f64) -> String {
    let digits = match value.abs() {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        value if value >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    grouped(&text)
}
