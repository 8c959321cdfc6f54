//! Which processor does what, so that a round is like the next: where there are two at least, and `taskset`.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The processor of servers.
pub(crate) const SERVER: &str = "0";
/// The processor of those who speak to them.
pub(crate) const CLIENT: &str = "1";

/// The client's processor, if it is to have one of its own.
pub(crate) fn client() -> Option<&'static str> {
    is_possible().then_some(CLIENT)
}

/// Keeps all threads that a process has on one processor.
pub(crate) fn pin(process: u32, core: &str) {
    taskset("-acp", process, core);
}

/// Keeps the first thread of this process on one processor; those that it has started stay where they are.
pub(crate) fn pin_first_thread(core: &str) {
    taskset("-cp", std::process::id(), core);
}

fn taskset(option: &str, process: u32, core: &str) {
    if is_possible() {
        let mut command = Command::new("taskset");
        let set = command
            .args([option, core, &process.to_string()])
            .stdout(Stdio::null())
            .status();
        assert!(set.unwrap().success());
    }
}

/// Also from a process that has been given one of them.
fn is_possible() -> bool {
    static POSSIBLE: OnceLock<bool> = OnceLock::new();
    let can_be_had = |core: &str| {
        let mut command = Command::new("taskset");
        let run = command.args(["-c", core, "true"]).stderr(Stdio::null());
        run.status().is_ok_and(|status| status.success())
    };
    *POSSIBLE.get_or_init(|| can_be_had(SERVER) && can_be_had(CLIENT))
}

/// Seconds that all threads of this process have been at work.
pub(crate) fn at_work() -> f64 {
    at_work_of(std::process::id())
}

pub(crate) fn at_work_of(process: u32) -> f64 {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let nanos = threads.filter_map(|thread| {
        let stat = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        stat.split(' ').next()?.parse::<f64>().ok()
    });
    nanos.sum::<f64>() / 1e9
}

/// KiB that this process has in memory.
pub(crate) fn memory() -> f64 {
    memory_of(std::process::id())
}

pub(crate) fn memory_of(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let now = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    now.trim().trim_end_matches(" kB").parse().unwrap()
}
