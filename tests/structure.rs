//! The tree is what it is said to be: each part knows only what it should, and files stay small.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The Rust files below a folder, without what is built or fetched.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let below = entries.flat_map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with('.') || name == "target" {
            Vec::new()
        } else if path.is_dir() {
            rust_files(&path)
        } else {
            Vec::from_iter(name.ends_with(".rs").then_some(path))
        }
    });
    below.collect()
}

/// A module of `stream-events`: its file, and those of the folder of its name.
fn module(name: &str) -> Vec<PathBuf> {
    let sources = Path::new(ROOT).join("stream-events/src");
    let mut files = rust_files(&sources.join(name));
    files.push(sources.join(name).with_extension("rs"));
    files
}

/// Where a module has this word, in any case.
fn places(word: &str, module_name: &str) -> Vec<String> {
    let place = |file: PathBuf| {
        let text = fs::read_to_string(&file).unwrap().to_lowercase();
        let line = text.lines().position(|line| line.contains(word))?;
        Some(format!("{}:{}", file.display(), line + 1))
    };
    module(module_name).into_iter().filter_map(place).collect()
}

fn longer_than(lines: usize, files: impl IntoIterator<Item = PathBuf>) -> Vec<String> {
    let named = |file: PathBuf| {
        let count = fs::read_to_string(&file).unwrap().lines().count();
        (count > lines).then(|| format!("{}: {count} lines", file.display()))
    };
    files.into_iter().filter_map(named).collect()
}

#[test]
fn what_delivers_knows_no_redis_and_what_speaks_to_redis_no_queue() {
    let parts = ["worker", "delivery", "queue"];
    let of_redis: Vec<_> = parts
        .iter()
        .flat_map(|name| places("redis", name))
        .collect();
    assert_eq!(of_redis, [""; 0]);
    // A server has a queue of its own: what a transaction has is QUEUED there.
    assert_eq!(places("queue::", "store/redis"), [""; 0]);
}

/// The macros cannot ask the crate, which depends on them.
#[test]
fn the_macros_reserve_the_same_keys_as_the_crate() {
    let names = Path::new(ROOT).join("stream-events-macros/src/names.rs");
    let names = fs::read_to_string(names).unwrap();
    let (_, list) = names.split_once("RESERVED: &[&str] = &[").unwrap();
    let (list, _) = list.split_once("];").unwrap();
    let reserved: Vec<_> = list.split('"').skip(1).step_by(2).collect();
    assert_eq!(reserved, stream_events::RESERVED_KEYS);
}

/// Each argument of `#[job_events]`, beside those of others' attributes.
#[test]
fn the_documentation_has_each_argument_and_no_other() {
    let read = |file: &str| fs::read_to_string(Path::new(ROOT).join(file)).unwrap();
    let args = read("stream-events-macros/src/args.rs");
    let (_, list) = args.split_once("ARGUMENTS: &[&str] = &[").unwrap();
    let (list, _) = list.split_once("];").unwrap();
    let mut taken: Vec<_> = list.split('"').skip(1).step_by(2).collect();
    taken.extend(["skip", "skip_all"]);

    let docs = read("stream-events/src/macros.rs");
    let (_, table) = docs.split_once("| `#[instrument]` | `#[trace]` |").unwrap();
    let rows = table
        .lines()
        .skip(2)
        .map_while(|line| line.strip_prefix("/// |"));
    let mut shown = Vec::new();
    for row in rows {
        assert_eq!(row.matches('|').count(), 4, "{row}");
        let argument = row.split('|').next().unwrap();
        let names = argument.split('`').skip(1).step_by(2);
        shown.extend(names.map(|name| name.split([' ', '(']).next().unwrap()));
    }
    shown.dedup();
    assert_eq!(shown, taken);
}

#[test]
fn files_are_small() {
    let root = Path::new(ROOT);
    let files = rust_files(root);
    assert!(files.len() > 100, "{}", files.len());
    assert_eq!(longer_than(300, files), [""; 0]);
    assert_eq!(longer_than(120, [root.join("README.md")]), [""; 0]);
    assert_eq!(longer_than(59, rust_files(&root.join("examples"))), [""; 0]);
}

/// The crates that `stream-events` needs, each in this format.
fn tree(format: &str, more: &[&str]) -> String {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--package", "stream-events"])
        .args(["--edges", "normal", "--prefix", "none", "--format", format])
        .args(more)
        .current_dir(ROOT)
        .output()
        .unwrap();
    assert!(tree.status.success(), "{tree:?}");
    String::from_utf8(tree.stdout).unwrap()
}

/// What is sent again by itself may be there twice. The client's own clusters, sentinels and connections
/// that come back do so, and none of them is built in.
#[test]
fn the_client_of_redis_sends_nothing_again_by_itself() {
    let tree = tree("{p} {f}", &["--all-features"]);
    let client = tree.lines().find_map(|line| line.strip_prefix("redis v"));
    let (_, features) = client.unwrap().split_once(' ').unwrap();
    let features: Vec<_> = features.split([',', ' ']).collect();
    assert!(features.contains(&"tokio-comp"), "{features:?}");
    for again in ["cluster", "sentinel", "connection-manager"] {
        let is_it = |feature: &&str| feature.starts_with(again);
        assert!(!features.iter().any(is_it), "{features:?}");
    }
}

/// Each of them is what a user compiles, trusts and keeps up with.
#[test]
fn default_features_bring_few_crates() {
    let tree = tree("{p}", &[]);
    // A crate that was there before is marked by `(*)`.
    let named = |line: &str| line.trim_end_matches(" (*)").to_owned();
    let crates: BTreeSet<_> = tree.lines().map(named).collect();
    assert!(
        crates.len() > 20 && crates.len() <= 85,
        "{}: {crates:#?}",
        crates.len()
    );
}

/// The cells of each row of the table of faults: its numbers, and its tests.
fn fault_rows(table: &str) -> impl Iterator<Item = (Vec<&str>, &str)> {
    table.lines().filter_map(|line| {
        let mut cells = line.split('|').skip(1);
        let (numbers, _, tests) = (cells.next()?, cells.next()?, cells.next()?);
        Some((numbers.split(',').map(str::trim).collect(), tests))
    })
}

/// Each test of this file with what is said of it.
fn tests_of(text: &str) -> Vec<(&str, String)> {
    let mut said = String::new();
    let mut tests = Vec::new();
    for line in text.lines() {
        let name = line.trim_start_matches("async ").strip_prefix("fn ");
        match (line.strip_prefix("/// "), name) {
            (Some(words), _) => said.push_str(words),
            (None, Some(name)) => {
                let name = name.split('(').next().unwrap_or_default();
                tests.push((name, std::mem::take(&mut said)));
            }
            (None, None) if line.starts_with("#[") => {}
            (None, None) => said.clear(),
        }
    }
    tests
}

/// `Row 7`, `Rows 7 and 25`, or `row 27` in the middle of a sentence.
fn rows_in(words: &str) -> Vec<&str> {
    let words: Vec<_> = words
        .split([' ', ',', '.', ':', ';'])
        .filter(|word| !word.is_empty() && *word != "and")
        .collect();
    let mut rows = Vec::new();
    let mut is_named = false;
    for word in words {
        let is_number = word.starts_with(|first: char| first.is_ascii_digit());
        is_named = matches!(word, "Row" | "Rows" | "row" | "rows") || (is_named && is_number);
        rows.extend((is_named && is_number).then_some(word));
    }
    rows
}

#[test]
fn a_test_that_names_a_row_of_the_table_stands_in_it() {
    let root = Path::new(ROOT).join("tests");
    let table = fs::read_to_string(root.join("README.md")).unwrap();
    let (mut named, mut missing) = (0, Vec::new());
    for file in rust_files(&root) {
        let text = fs::read_to_string(&file).unwrap();
        let module = file.file_stem().unwrap().to_str().unwrap();
        for (test, said) in tests_of(&text) {
            for row in rows_in(&said) {
                named += 1;
                let names = [format!("`{module}::{test}`"), format!("`{module}::*`")];
                let stands = |(numbers, tests): (Vec<&str>, &str)| {
                    numbers.contains(&row) && names.iter().any(|name| tests.contains(name))
                };
                if !fault_rows(&table).any(stands) {
                    missing.push(format!("row {row}: {module}::{test}"));
                }
            }
        }
    }
    assert!(named > 60, "{named}");
    assert_eq!(missing, [""; 0]);
}

/// `file::test` and `file::*`, as they stand in the table of faults.
#[test]
fn the_table_of_faults_has_every_row_and_names_tests_that_are_there() {
    let root = Path::new(ROOT);
    let table = fs::read_to_string(root.join("tests/README.md")).unwrap();
    for row in (1..=47)
        .map(|row| row.to_string())
        .chain(["11b".to_owned()])
    {
        let is_there = |line: &str| {
            let cell = line.split('|').nth(1).unwrap_or_default();
            cell.split(',').any(|name| name.trim() == row)
        };
        assert!(table.lines().any(is_there), "row {row}");
    }
    let rows = fault_rows(&table).filter(|(numbers, _)| numbers[0].starts_with(char::is_numeric));
    let rows: Vec<_> = rows.flat_map(|(numbers, _)| numbers).collect();
    let once: BTreeSet<_> = rows.iter().collect();
    assert_eq!(rows.len(), once.len(), "a row is there twice: {rows:?}");
    let named = table.split('`').skip(1).step_by(2);
    let tests: Vec<_> = named.filter_map(|name| name.rsplit_once("::")).collect();
    assert!(tests.len() > 60, "{}", tests.len());
    for (module, test) in tests {
        let of_unit = module.strip_suffix("::tests");
        let file = match of_unit.or_else(|| module.contains("::tests::").then_some(module)) {
            Some(module) => format!("stream-events/src/{}", module.replace("::", "/")),
            None => format!("tests/{module}"),
        };
        let nested = root.join(&file).join("tests.rs");
        let text = fs::read_to_string(root.join(format!("{file}.rs"))).unwrap_or_default()
            + &fs::read_to_string(nested).unwrap_or_default();
        let is_there = text.contains(&format!("fn {test}(")) || (test == "*" && !text.is_empty());
        assert!(is_there, "{module}::{test}");
    }
}

/// A shell takes `|` and `>` for its own, and the rest of a rule is gone without a word.
#[test]
fn commands_that_are_to_be_copied_to_a_shell_are_quoted() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/SECURITY.md")).unwrap();
    let commands = page.lines().filter(|line| line.starts_with("redis-cli "));
    let bare = |line: &&str| {
        let outside = line.split('\'').step_by(2);
        outside
            .flat_map(str::chars)
            .any(|c| "|<>*~{}[]()&;$".contains(c))
    };
    assert!(commands.clone().count() >= 5);
    assert_eq!(commands.filter(bare).collect::<Vec<_>>(), [""; 0]);
}
