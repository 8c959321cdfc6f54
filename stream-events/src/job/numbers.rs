//! The numbers of progress that readers know.

use serde::Serialize;

use crate::event::Fields;

/// What was said last of each. They are written behind the texts: nothing is ever taken out of them, or
/// cut.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Numbers {
    pub(super) current: Option<u64>,
    pub(super) total: Option<u64>,
    pub(super) percent: Option<f64>,
}

impl Numbers {
    /// Of three decimals: a 33.3 that came as an `f32` would else be 33.29999923706055. What is no finite
    /// number is left out.
    pub(super) fn set_percent(&mut self, percent: f64) {
        if percent.is_finite() {
            self.percent = Some((percent * 1000.0).round() / 1000.0);
        }
    }

    /// As fields, each of which can be said again.
    pub(super) fn add_to(self, fields: &mut Fields) {
        let counts = [("current", self.current), ("total", self.total)];
        for (key, count) in counts {
            if let Some(count) = count {
                fields.add_own_number(key, count);
            }
        }
        match self.percent {
            Some(percent) if is_whole(percent) => fields.add_own("percent", &(percent as i64)),
            Some(percent) => fields.add_own("percent", &percent),
            None => {}
        }
    }

    /// As they stand behind the other fields.
    pub(super) fn write(self, text: &mut Vec<u8>) {
        if let Some(current) = self.current {
            write(text, br#","current":"#, &current);
        }
        if let Some(total) = self.total {
            write(text, br#","total":"#, &total);
        }
        match self.percent {
            Some(percent) if is_whole(percent) => write(text, PERCENT, &(percent as i64)),
            Some(percent) => write(text, PERCENT, &percent),
            None => {}
        }
    }

    /// The most bytes that they take.
    pub(super) const MOST: usize = 128;
}

const PERCENT: &[u8] = br#","percent":"#;

fn write<T: Serialize>(text: &mut Vec<u8>, key: &[u8], number: &T) {
    text.extend_from_slice(key);
    // To memory, a number fails neither to serialise nor to be written.
    let _ = serde_json::to_writer(text, number);
}

fn is_whole(percent: f64) -> bool {
    percent.fract() == 0.0 && percent.abs() < 1e15
}
