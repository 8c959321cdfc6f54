//! Processes that may crash, hang or be killed: each under a watch that ends it.

use std::env;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::disk::mend_disk;

/// Names the scenario that a process is to play.
const SCENARIO: &str = "STREAM_EVENTS_TEST_SCENARIO";
/// How long a program may take where the test says nothing else.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is asked whether a program has ended that says nothing.
const LOOK: Duration = Duration::from_millis(20);

/// What this process is to play, where it was started by [`Program::again`].
#[must_use]
pub fn scenario() -> Option<String> {
    env::var(SCENARIO).ok()
}

/// The most memory in KiB that this process ever had.
#[must_use]
pub fn memory_peak() -> u64 {
    peak("self")
}

/// What this process has used of its processors.
#[must_use]
pub fn used() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, after_name) = stat.rsplit_once(')').unwrap();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    Duration::from_millis(ticks.map(|ticks| ticks.parse::<u64>().unwrap() * 10).sum())
}

/// How long this thread could have gone on and others had the processor, [so far](
/// https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat).
#[must_use]
pub fn ready_for() -> Duration {
    let said = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanos = said.split_whitespace().nth(1).unwrap().parse().unwrap();
    Duration::from_nanos(nanos)
}

/// A program to run. What it says is heard, and one that hangs is killed: that fails the test.
#[derive(Debug)]
pub struct Program {
    command: Command,
    patience: Duration,
}

impl Program {
    /// The test of this name once more, in a process of its own where [`scenario`] is this.
    #[must_use]
    pub fn again(test: &str, scenario: &str) -> Self {
        let mut program = Self::at(env::current_exe().unwrap());
        program.command.args(["--exact", test, "--nocapture"]);
        program.env(SCENARIO, scenario)
    }

    /// Any other program.
    #[must_use]
    pub fn at(path: impl AsRef<Path>) -> Self {
        Self {
            command: Command::new(path.as_ref()),
            patience: PATIENCE,
        }
    }

    /// An argument for it.
    #[must_use]
    pub fn arg(mut self, argument: &str) -> Self {
        self.command.arg(argument);
        self
    }

    /// A variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.command.env(name, value.as_ref());
        self
    }

    /// None of the files that it writes grows beyond so many KiB, as on a full disk, until
    /// [`Running::mend_disk`].
    #[must_use]
    pub fn with_small_disk(mut self, kib: u32) -> Self {
        // Only the soft limit, so that it can be raised while the program runs.
        let script = format!("trap '' XFSZ; ulimit -S -f {kib}; exec \"$0\" \"$@\"");
        let mut command = Command::new("bash");
        command.args(["-c", &script]);
        command.arg(self.command.get_program());
        command.args(self.command.get_args());
        let set = self.command.get_envs();
        command.envs(set.filter_map(|(name, value)| Some((name, value?))));
        self.command = command;
        self
    }

    /// How long it may take, from [`start`](Self::start) on.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Starts it and waits until it ends.
    #[must_use]
    pub fn run(self) -> Exit {
        self.start().wait()
    }

    /// Starts it.
    #[must_use]
    pub fn start(mut self) -> Running {
        let command = self.command.stdin(Stdio::null());
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let heard = Arc::<Heard>::default();
        let ears = [
            listen(process.stdout.take().unwrap(), &heard),
            listen(process.stderr.take().unwrap(), &heard),
        ];
        Running {
            process,
            heard,
            ears,
            until: Instant::now() + self.patience,
        }
    }
}

/// What a program said, and a bell for each piece.
#[derive(Debug, Default)]
struct Heard {
    text: Mutex<String>,
    bell: Condvar,
}

fn listen(mut pipe: impl Read + Send + 'static, heard: &Arc<Heard>) -> JoinHandle<()> {
    let heard = Arc::clone(heard);
    std::thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(bytes @ 1..) = pipe.read(&mut piece) {
            let text = String::from_utf8_lossy(&piece[..bytes]);
            heard.text.lock().unwrap().push_str(&text);
            heard.bell.notify_all();
        }
        heard.bell.notify_all();
    })
}

/// A program at work. Killed on drop.
#[derive(Debug)]
pub struct Running {
    process: Child,
    heard: Arc<Heard>,
    ears: [JoinHandle<()>; 2],
    until: Instant,
}

impl Running {
    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until it has said this. It has to be said before it ends.
    pub fn wait_for(&mut self, text: &str) {
        self.wait_while(|running| {
            let ended = running.ears.iter().all(JoinHandle::is_finished);
            let said = running.said();
            let is_said = said.contains(text);
            assert!(
                is_said || !ended,
                "it ended before it said {text:?}: {said}"
            );
            !is_said
        });
    }

    /// What it has said so far, on both outputs.
    #[must_use]
    pub fn said(&self) -> String {
        self.heard.text.lock().unwrap().clone()
    }

    /// The most memory in KiB that it had so far.
    #[must_use]
    pub fn memory_peak(&self) -> u64 {
        peak(&self.id().to_string())
    }

    /// Lets its files grow again.
    pub fn mend_disk(&self) {
        mend_disk(self.id());
    }

    /// Sends it a signal, `TERM` say.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{signal}"), &self.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Waits until it ends.
    #[must_use]
    pub fn wait(mut self) -> Exit {
        self.wait_while(|running| running.process.try_wait().unwrap().is_none());
        // What it said last; a child of its own that lives on is waited for, too.
        self.wait_while(|running| !running.ears.iter().all(JoinHandle::is_finished));
        let status = self.process.wait().unwrap();
        Exit {
            status,
            said: self.said(),
        }
    }

    fn wait_while(&mut self, goes_on: impl Fn(&mut Self) -> bool) {
        while goes_on(self) {
            let late = Instant::now() > self.until;
            assert!(!late, "it hangs; so far it said: {}", self.said());
            let heard = Arc::clone(&self.heard);
            let text = heard.text.lock().unwrap();
            drop(heard.bell.wait_timeout(text, LOOK).unwrap());
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // An error says that it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// How a program ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Exit {
    /// Its code or signal.
    pub status: ExitStatus,
    /// All that it said, on both outputs.
    pub said: String,
}

impl Exit {
    /// The test of a program [run again](Program::again) has passed.
    pub fn passed(&self) {
        let passed = self.status.success() && self.said.contains("1 passed");
        assert!(passed, "{}: {}", self.status, self.said);
    }
}

fn peak(process: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.unwrap_or_default().trim().trim_end_matches(" kB");
    kib.parse().unwrap()
}
