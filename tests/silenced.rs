//! Row 37: a program whose `tracing` is compiled out, as `release_max_level_off` does it in a release. It
//! has a build of its own, since that holds for all of a build.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Of the workspace's own versions, by its `Cargo.lock`, and of the oldest edition that has `async`: what
/// the macros write has to be right in the edition of whoever calls them.
const MANIFEST: &str = r#"
[package]
name = "silenced"
version = "0.0.0"
edition = "2018"

[[bin]]
name = "silenced"
path = "ROOT/tests/programs/silenced.rs"

[dependencies]
stream-events = { path = "ROOT/stream-events", default-features = false, features = ["macros"] }
stream-events-tracing = { path = "ROOT/tracing-layer", default-features = false }
tokio = { version = "1", default-features = false, features = ["rt"] }
tracing = { version = "0.1", default-features = false, features = ["max_level_off"] }
tracing-subscriber = { version = "0.3", default-features = false, features = ["registry"] }

[profile.dev]
debug = false

[workspace]
"#;

#[test]
fn with_tracing_compiled_out_a_run_and_its_own_events_are_there() {
    let root = fs::canonicalize(ROOT).unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("silenced");
    fs::create_dir_all(&folder).unwrap();
    let manifest = MANIFEST.replace("ROOT", root.to_str().unwrap());
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--offline"]);
    cargo.env("CARGO_TARGET_DIR", folder.join("target"));
    let ran = cargo.current_dir(&folder).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}");
    let left = String::from_utf8_lossy(&ran.stdout);
    let left: Vec<_> = left.lines().collect();
    let of_each = ["task_started", "row", "task_completed"];
    assert_eq!(left, [of_each; 3].concat());
}
