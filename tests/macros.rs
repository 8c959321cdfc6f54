//! Programs that use the macros: those of `ui/pass` build and run, those of `ui/fail` are refused in words that were read and found good.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use trybuild::TestCases;

/// The compiler whose words the `.stderr` files hold; `TRYBUILD=overwrite cargo test --test macros` writes them anew.
const WORDED_BY: &str = "rustc 1.95.";

/// Set for the process that looks at a copy of the programs, where another compiler's words are as good.
const COPY: &str = "UI_FAIL_COPY";

/// Modules, each a test: linked one by one they would take minutes and gigabytes.
#[path = "ui/pass"]
mod pass {
    mod argument_attributes;
    mod async_trait;
    mod async_trait_native;
    mod attempts;
    mod boxed_alias;
    mod boxed_error;
    mod boxed_future;
    mod const_task_type;
    mod crate_path;
    mod diverges;
    mod err_chain;
    mod extern_fn;
    mod fields;
    mod free_fn;
    mod from_macro_rules;
    mod generics;
    mod heartbeat;
    mod impl_future;
    mod impl_trait;
    mod inner_attributes;
    mod instrument_stacked;
    mod job_id_sources;
    mod methods;
    mod mutable_arguments;
    mod names;
    mod nested;
    mod no_implicit_prelude;
    mod not_a_result;
    mod not_send;
    mod progress;
    mod progress_numbers;
    mod progress_shadowed;
    mod progress_span;
    mod publish;
    mod recursion;
    mod result_alias;
    mod ret_and_err;
    mod ret_max;
    mod runs;
    mod send;
    mod shadowed_prelude;
    mod sync_fn;
    mod timeout;
    mod tokio_test_stacked;
}

#[test]
fn no_program_is_forgotten() {
    let mut forgotten = names("ui/pass");
    forgotten.retain(|name| !include_str!("macros.rs").contains(&format!("mod {name};")));
    assert_eq!(forgotten, [""; 0]);
}

/// The Rust files of a folder, without `.rs`.
fn names(folder: &str) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names
        .filter_map(|name| Some(name.strip_suffix(".rs")?.to_owned()))
        .collect()
}

#[test]
fn mistakes_are_named_where_they_are() {
    let compiler = compiler();
    if let Some(copy) = env::var_os(COPY) {
        fail(Path::new(&copy));
    } else if compiler.starts_with(WORDED_BY) {
        fail(Path::new("ui/fail"));
    } else {
        eprintln!(
            "the texts in ui/fail are those of {WORDED_BY}x, and this is {compiler}: that each program is refused is tested, how is not"
        );
        assert!(
            refused_in_any_words(),
            "a program of ui/fail compiles, or none could be built"
        );
    }
}

fn fail(programs: &Path) {
    TestCases::new().compile_fail(programs.join("*.rs"));
}

fn compiler() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().unwrap();
    String::from_utf8(version.stdout).unwrap()
}

/// With `TRYBUILD=overwrite` any text will do, and a program that compiles is still a failure. It is a variable, so it needs a process.
fn refused_in_any_words() -> bool {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ui_fail");
    fs::create_dir_all(&copy).unwrap();
    for program in fs::read_dir("ui/fail").unwrap() {
        let program: PathBuf = program.unwrap().path();
        fs::copy(&program, copy.join(program.file_name().unwrap())).unwrap();
    }
    let again = Command::new(env::current_exe().unwrap())
        .args(["--exact", "mistakes_are_named_where_they_are"])
        .envs([(COPY, copy.as_os_str()), ("TRYBUILD", "overwrite".as_ref())])
        .status();
    again.unwrap().success()
}
