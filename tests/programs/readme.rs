//! The Rust that the README shows, as programs that are built and run.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::json;
use support::TestRedis;
use tempfile::TempDir;

use crate::program::{Example, ROOT, file, only, stream};

fn read(name: impl AsRef<Path>) -> String {
    fs::read_to_string(Path::new(ROOT).join(name)).unwrap()
}

/// The README's blocks of Rust, whatever else their fences say.
fn blocks() -> Vec<String> {
    let readme = read("README.md");
    let fenced = readme.split("```").skip(1).step_by(2);
    let rust = fenced.filter_map(|block| {
        let (info, text) = block.split_once('\n')?;
        (info.split([',', ' ']).next() == Some("rust")).then(|| text.to_owned())
    });
    rust.collect()
}

/// What an example has to follow, the README has to follow.
#[test]
fn each_block_of_rust_in_the_readme_is_part_of_an_example() {
    let files = fs::read_dir(Path::new(ROOT).join("examples")).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let examples: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .map(read)
        .collect();
    let blocks = blocks();
    assert_eq!(blocks.len(), 2, "the whole program, and a set-up by hand");
    for block in blocks {
        assert!(
            examples.iter().any(|example| example.contains(&block)),
            "nothing compiles this block of the README: no program of `examples` has it to the \
             letter. Where a program was changed, the README has to be, and the other way round.\n\n{block}"
        );
    }
}

#[test]
fn the_program_of_the_readme_runs() {
    let example = read("examples/readme.rs");
    assert!(example.ends_with(&blocks()[0]), "it is the whole of it");

    let redis = TestRedis::start();
    let ended = Example::of("readme", &[], &redis).end();
    assert!(ended.is_success, "{}", ended.log);
    let words = read("Cargo.toml").split_whitespace().count();
    assert_eq!(ended.lines.last(), Some(&format!("{words} words")));
    let events = ended.events();
    assert_eq!(
        stream(&redis, events[0].2["job_id"].as_str().unwrap()),
        events
    );
    assert_eq!(only(&events, "words_counted")["words"], json!(words));
    assert_eq!(only(&events, "task_completed")["result"], json!(words));
}

/// The types of each job's events.
fn all_kinds(redis: &TestRedis) -> BTreeSet<Vec<String>> {
    let mut keys = redis::cmd("KEYS");
    let keys: Vec<String> = keys.arg("job_events:*").query(&mut redis.client()).unwrap();
    let kinds = keys.iter().map(|key| support::kinds(&redis.entries(key)));
    kinds.collect()
}

#[test]
fn what_the_readme_sets_up_by_hand_shows_progress_and_spools_while_the_store_is_away() {
    let (mut redis, spool) = (TestRedis::start(), TempDir::new().unwrap());
    let spool = spool.path().to_str().unwrap();
    let (_folder, path) = file("three short words");
    let url = redis.url();
    let run = |redis: &TestRedis| {
        let ended = Example::of("by_hand", &[&url, spool, &path], redis).end();
        assert!(ended.is_success, "{}", ended.log);
        assert!(
            ended.lines.contains(&"3 words".to_owned()),
            "{:?}",
            ended.lines
        );
        ended.lines.join("\n")
    };
    redis.kill();
    let said = run(&redis);
    assert!(
        said.contains("WARN stream_events") && said.contains(" is away ("),
        "{said}"
    );
    redis.restart();
    run(&redis);
    let (from_spool, whole) = (
        ["task_started", "task_completed"],
        ["task_started", "task_progress", "task_completed"],
    );
    let expected =
        [&from_spool[..], &whole].map(|kinds| kinds.iter().map(ToString::to_string).collect());
    assert_eq!(all_kinds(&redis), BTreeSet::from(expected));
}
