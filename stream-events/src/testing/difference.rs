//! Where the events that were found and those expected part.

use super::expected::Expected;
use super::line::Line;

/// What it costs to turn one list into the other: an event that is not there, one too many, and one that
/// is of the right type with other fields, which is nearer than both of these.
const MISSING: usize = 2;
const TOO_MANY: usize = 2;
const OTHER_FIELDS: usize = 3;

/// The lines of both, marked as in a diff; none where all is as expected.
pub(super) fn difference(found: &[Line], expected: &[Expected]) -> Option<String> {
    let costs = Costs::of(found, expected);
    (costs.at(0, 0) > 0).then(|| costs.lines().join("\n"))
}

/// What the rest costs from each place of both on.
struct Costs<'a> {
    found: &'a [Line],
    expected: &'a [Expected],
    costs: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum Step {
    Same,
    Other,
    Missing,
    TooMany,
    /// One more that is not asked for.
    Any,
    /// No more of these.
    Enough,
}

impl<'a> Costs<'a> {
    fn of(found: &'a [Line], expected: &'a [Expected]) -> Self {
        let costs = vec![0; (found.len() + 1) * (expected.len() + 1)];
        let mut costs = Self {
            found,
            expected,
            costs,
        };
        for e in (0..=expected.len()).rev() {
            for f in (0..=found.len()).rev() {
                let cost = costs.best(e, f).map_or(0, |(_, cost)| cost);
                costs.costs[e * (found.len() + 1) + f] = cost;
            }
        }
        costs
    }

    fn at(&self, e: usize, f: usize) -> usize {
        self.costs[e * (self.found.len() + 1) + f]
    }

    /// The cheapest step from there, and what all costs with it; none at the end.
    fn best(&self, e: usize, f: usize) -> Option<(Step, usize)> {
        let (expected, found) = (self.expected.get(e), self.found.get(f));
        let steps = match (expected.map(|expected| &expected.event), found) {
            (Some(None), Some(_)) => [Some(Step::Enough), Some(Step::Any), None],
            (Some(None), None) => [Some(Step::Enough), None, None],
            (Some(Some(line)), Some(found)) if line.is_in(found) => {
                [Some(Step::Same), Some(Step::Missing), Some(Step::TooMany)]
            }
            (Some(Some(line)), Some(found)) => {
                let is_near = line.event_type == found.event_type;
                [
                    is_near.then_some(Step::Other),
                    Some(Step::Missing),
                    Some(Step::TooMany),
                ]
            }
            (Some(Some(_)), None) => [Some(Step::Missing), None, None],
            (None, Some(_)) => [Some(Step::TooMany), None, None],
            (None, None) => [None; 3],
        };
        let costs = steps.into_iter().flatten().map(|step| {
            let (e, f) = step.from(e, f);
            (step, step.cost() + self.at(e, f))
        });
        costs.min_by_key(|(_, cost)| *cost)
    }

    fn lines(&self) -> Vec<String> {
        let asked = self
            .expected
            .iter()
            .filter_map(|expected| expected.event.as_ref());
        let asked = asked.flat_map(|line| line.fields.iter().map(|(key, _)| key.as_str()));
        let asked: Vec<_> = asked.collect();
        let (mut lines, mut e, mut f, mut any) = (Vec::new(), 0, 0, 0);
        let expected = |e: usize| match &self.expected[e].event {
            Some(line) => line.shown(&asked),
            None => "..,".to_owned(),
        };
        let found = |f: usize| self.found[f].shown(&asked);
        while let Some((step, _)) = self.best(e, f) {
            match step {
                Step::Same => lines.push(format!("  {}", found(f))),
                Step::Other => {
                    lines.extend([format!("- {}", expected(e)), format!("+ {}", found(f))])
                }
                Step::Missing => lines.push(format!("- {}", expected(e))),
                Step::TooMany => lines.push(format!("+ {}", found(f))),
                Step::Any => any += 1,
                Step::Enough => {
                    let note = if any > 0 {
                        format!(" // {any}")
                    } else {
                        String::new()
                    };
                    lines.push(format!("  ..,{note}"));
                    any = 0;
                }
            }
            (e, f) = step.from(e, f);
        }
        lines
    }
}

impl Step {
    fn from(self, e: usize, f: usize) -> (usize, usize) {
        match self {
            Self::Same | Self::Other => (e + 1, f + 1),
            Self::Missing | Self::Enough => (e + 1, f),
            Self::TooMany | Self::Any => (e, f + 1),
        }
    }

    fn cost(self) -> usize {
        match self {
            Self::Same | Self::Any | Self::Enough => 0,
            Self::Other => OTHER_FIELDS,
            Self::Missing => MISSING,
            Self::TooMany => TOO_MANY,
        }
    }
}
