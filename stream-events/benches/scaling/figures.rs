//! Figures by name, as they stand in tables of Markdown: `` | `name` | one server | cluster | what | ``.

#[path = "../pipeline/grouped.rs"]
mod grouped;

use std::collections::BTreeMap;

use grouped::grouped;

/// Of one server, and of a cluster.
pub(crate) struct Figures(BTreeMap<String, [f64; 2]>);

impl Figures {
    /// All that a page has. A row with one number has it for both.
    pub(crate) fn read(page: &str) -> Self {
        let row = |line: &str| {
            let mut cells = line.split('|').map(str::trim).skip(1);
            let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
            let mut values = cells.map(|cell| cell.replace(',', "").parse().ok());
            let one = values.next()??;
            let cluster = values.next().flatten().unwrap_or(one);
            Some((name.to_owned(), [one, cluster]))
        };
        Self(page.lines().filter_map(row).collect())
    }

    pub(crate) fn of(&self, name: &str, is_cluster: bool) -> f64 {
        let values = self.0.get(name);
        values.unwrap_or_else(|| panic!("there is no figure `{name}`"))[usize::from(is_cluster)]
    }
}

/// Three digits that count, and thousands with commas.
pub(crate) fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor() as i32;
    let unit = 10_f64.powi(magnitude - 2);
    let digits = (2 - magnitude).clamp(0, 6) as usize;
    let text = format!("{:.digits$}", (value / unit).round() * unit);
    grouped(&text)
}
