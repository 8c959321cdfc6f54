//! `docs/SCALING.md` says what the benchmark's model comes to from the page's own figures.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

#[path = "../stream-events/benches/scaling/figures.rs"]
mod figures;
#[path = "../stream-events/benches/scaling/list.rs"]
mod list;
#[path = "../stream-events/benches/scaling/model.rs"]
mod model;
#[path = "../stream-events/benches/scaling/slots.rs"]
mod slots;

/// What the benchmark measures is of no matter here, but for what it is.
mod measure {
    pub(crate) type Measured = std::collections::BTreeMap<String, f64>;
}

use figures::Figures;

fn page() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/SCALING.md");
    fs::read_to_string(page).unwrap()
}

#[test]
fn the_tables_of_the_page_are_what_comes_of_its_figures() {
    let page = page();
    let figures = Figures::read(&page);
    for table in [model::loads(&figures), model::sizes(&figures)] {
        assert!(page.contains(&table), "the page should have:\n{table}");
    }
}

/// Without the numbers of what was measured, which are another machine's.
#[test]
fn the_page_has_each_figure_of_the_benchmark_and_what_is_assumed() {
    let page = page();
    let none = measure::Measured::new();
    for row in list::measured(&none, &none).lines().skip(2) {
        let (name, what) = row.split_once(" |  |  | ").unwrap();
        let is_it = |line: &&str| line.starts_with(name) && line.ends_with(&format!("| {what}"));
        assert_eq!(page.lines().filter(is_it).count(), 1, "{row}");
    }
    assert!(
        page.contains(list::ASSUMED),
        "the page should have:\n{}",
        list::ASSUMED
    );
}

#[test]
fn a_figure_of_the_page_that_changes_changes_the_tables() {
    let page = page();
    let figures = Figures::read(&page);
    let (_, row) = page.split_once("| `event_bytes` | ").unwrap();
    let (value, _) = row.split_once(' ').unwrap();
    let twice = 2.0 * value.parse::<f64>().unwrap();
    let other = page.replace(
        &format!("| `event_bytes` | {value} "),
        &format!("| `event_bytes` | {twice} "),
    );
    assert_ne!(model::loads(&Figures::read(&other)), model::loads(&figures));
}

#[test]
fn a_load_that_is_put_into_the_page_is_calculated() {
    let page = page();
    let figures = Figures::read(&page);
    assert_eq!(model::loads_of(&page, &figures), model::loads(&figures));
    let own = page.replace("| 1,000 | 100 | 10 | 1 |", "| 2,000 | 200 | 4 | 0.5 |");
    let table = model::loads_of(&own, &figures);
    let row = table.lines().find(|row| row.starts_with("| 2,000 |"));
    let row = row.expect("it is there");
    assert!(
        row.starts_with("| 2,000 | 200 | 4 | 0.5 | 4,000 | 400,000 |"),
        "{row}"
    );
}

#[test]
fn a_setting_that_the_page_names_is_there() {
    let page = page();
    let builder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../stream-events/src/publisher/builder.rs");
    let builder = fs::read_to_string(builder).unwrap();
    let (_, table) = page.split_once("| setting of a publisher |").unwrap();
    let rows = table
        .lines()
        .skip(2)
        .map_while(|row| row.strip_prefix("| `"));
    let mut settings = rows.map(|row| row.split('`').next().unwrap()).peekable();
    assert!(settings.peek().is_some());
    for setting in settings {
        assert!(builder.contains(&format!("pub fn {setting}(")), "{setting}");
    }
}
