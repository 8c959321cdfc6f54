//! What it takes to annotate a job: the lines in which the two programs of a framework differ.

use std::{fs, path::Path};

/// Each may be one line or the change of one.
const MOST: usize = 5;

#[test]
fn no_framework_takes_more_than_five_lines() {
    let mut programs = 0;
    for folder in fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap() {
        let folder = folder.unwrap().path();
        if !folder.join("before.rs").exists() {
            continue;
        }
        let [before, after] = ["before.rs", "after.rs"].map(|file| read(&folder.join(file)));
        let (before, after) = (
            Vec::from_iter(before.lines()),
            Vec::from_iter(after.lines()),
        );
        let same = in_both(&before, &after);
        let changed = before.len().max(after.len()) - same;
        assert!(
            (1..=MOST).contains(&changed),
            "{}: {changed} lines",
            folder.display()
        );
        programs += 1;
    }
    assert!(programs >= 2, "{programs}");
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap()
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
