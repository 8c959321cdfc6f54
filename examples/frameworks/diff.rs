//! What it takes to annotate a job: the lines in which the two programs of a framework differ.

use std::{fs, path::Path};

/// Each may be one line or the change of one.
const MOST: usize = 5;

#[test]
fn no_framework_takes_more_than_five_lines() {
    let mut programs = 0;
    for folder in fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap() {
        let folder = folder.unwrap().path();
        if !folder.join("after.rs").exists() {
            continue;
        }
        // The same program, which gets an attribute there and a layer here.
        let shared = folder.with_file_name("graphile_worker");
        let is_shared = folder.ends_with("graphile_worker_spans");
        let before = read(if is_shared { &shared } else { &folder }, "before.rs");
        let after = read(&folder, "after.rs");
        let [before, after] = [&before, &after].map(|text| Vec::from_iter(text.lines()));
        let changed = before.len().max(after.len()) - in_both(&before, &after);
        assert!(
            (1..=MOST).contains(&changed),
            "{}: {changed} lines",
            folder.display()
        );
        programs += 1;
    }
    assert_eq!(programs, 8);
}

fn read(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap()
}

/// How many lines stand in both, in the same order: the longest common subsequence.
fn in_both(before: &[&str], after: &[&str]) -> usize {
    let mut row = vec![0; after.len() + 1];
    for old in before {
        let above = row.clone();
        for (column, new) in after.iter().enumerate() {
            row[column + 1] = match old == new {
                true => above[column] + 1,
                false => above[column + 1].max(row[column]),
            };
        }
    }
    row[after.len()]
}

#[test]
fn lines_that_are_changed_moved_or_left_out_count() {
    assert_eq!(in_both(&["a", "b", "c"], &["a", "b", "c"]), 3);
    assert_eq!(in_both(&["a", "b", "c"], &["a", "B", "c", "d"]), 2);
    assert_eq!(in_both(&["a", "b", "c"], &["c", "a", "b"]), 2);
}
