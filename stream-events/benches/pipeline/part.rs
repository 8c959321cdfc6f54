//! A part of a round in a process of its own: one has one subscriber, one publisher, and its own memory.

use std::env;
use std::fmt::Display;
use std::time::Duration;

use support::Program;

/// What was measured, by its name.
pub(crate) type Numbers = Vec<(String, f64)>;

/// What a process does with its arguments.
pub(crate) type Part = fn(&[String]) -> Numbers;

const FLAG: &str = "--part";
const MARK: &str = "measured ";
const PATIENCE: Duration = Duration::from_secs(120);

/// Plays the part that this process was started for, if it was.
pub(crate) fn is_one(arguments: &[String], parts: &[(&str, Part)]) -> bool {
    let [flag, name, arguments @ ..] = arguments else {
        return false;
    };
    if flag != FLAG {
        return false;
    }
    let (_, play) = parts.iter().find(|(part, _)| part == name).unwrap();
    for (number, value) in play(arguments) {
        println!("{MARK}{number} {value}");
    }
    true
}

/// Has a process of its own play this part, on one processor where one is named.
pub(crate) fn play(name: &str, arguments: &[&dyn Display], core: Option<&str>) -> Numbers {
    let program = env::current_exe().unwrap();
    let mut process = match core {
        Some(core) => Program::at("taskset")
            .arg("-c")
            .arg(core)
            .arg(&program.to_string_lossy()),
        None => Program::at(&program),
    };
    for argument in [&FLAG as &dyn Display, &name].iter().chain(arguments) {
        process = process.arg(&argument.to_string());
    }
    measured(process)
}

/// The same, in one that may have as many files open as the system lets it.
#[cfg(feature = "axum")]
pub(crate) fn play_with_files(name: &str, arguments: &[&dyn Display]) -> Numbers {
    let program = env::current_exe().unwrap();
    let mut process = Program::at("sh")
        .arg("-c")
        .arg("ulimit -n \"$(ulimit -Hn)\"; exec \"$0\" \"$@\"")
        .arg(&program.to_string_lossy());
    for argument in [&FLAG as &dyn Display, &name].iter().chain(arguments) {
        process = process.arg(&argument.to_string());
    }
    measured(process)
}

/// What a program says that it measured, a line each.
pub(crate) fn measured(program: Program) -> Numbers {
    let exit = program.patience(PATIENCE).run();
    assert!(exit.status.success(), "{}: {}", exit.status, exit.said);
    let number = |line: &str| {
        let (name, value) = line.strip_prefix(MARK)?.rsplit_once(' ')?;
        Some((name.to_owned(), value.parse().unwrap()))
    };
    let numbers: Numbers = exit.said.lines().filter_map(number).collect();
    assert!(!numbers.is_empty(), "{}", exit.said);
    numbers
}

/// So many events in so many seconds, and what its process used of its processors for each.
pub(crate) fn rate(events: f64, seconds: f64, cpu: f64) -> Numbers {
    let numbers = [("rate", events / seconds), ("cpu", cpu * 1e6 / events)];
    numbers.map(|(name, value)| (name.to_owned(), value)).into()
}

pub(crate) fn numbers<const N: usize>(numbers: [(&str, f64); N]) -> Numbers {
    numbers.map(|(name, value)| (name.to_owned(), value)).into()
}
