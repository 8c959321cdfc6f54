//! PostgreSQL, for what has its queue there: started by a test, on a socket of its own, gone with it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::{fs::chown, process::CommandExt};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A server with a folder of its own, on a socket there. Ended on drop.
#[derive(Debug)]
pub struct TestPostgres {
    process: Child,
    folder: TempDir,
}

/// What to do where there is no server to test with.
const MISSING: &str =
    "this test needs PostgreSQL: `tests/run` installs it, as does `apt-get install postgresql`";

/// Said by a server that answers from now on.
const READY: &str = "ready to accept connections";

impl TestPostgres {
    /// A server with an empty database.
    #[must_use]
    pub fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let owner = owner();
        chown(folder.path(), owner, None).unwrap();
        let run = |program: &str, arguments: &[&str]| {
            let mut command = Command::new(binaries().join(program));
            command.arg("-D").arg(folder.path().join("data"));
            command.args(arguments).stdin(Stdio::null());
            if let Some(owner) = owner {
                command.uid(owner);
            }
            command
        };
        let mut init = run("initdb", &["-A", "trust", "-U", "postgres", "--no-sync"]);
        let made = init.output().expect(MISSING);
        assert!(made.status.success(), "{made:?}");

        let mut server = run("postgres", &["-F", "-h", ""]);
        server.arg("-k").arg(folder.path()).stderr(Stdio::piped());
        let mut process = server.spawn().expect(MISSING);
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut said = log.by_ref().map_while(Result::ok);
        let is_there = said.any(|line| line.contains(READY));
        assert!(is_there, "PostgreSQL ended before it said {READY:?}");
        // A pipe that nobody reads would stop the server once it is full.
        std::thread::spawn(move || log.for_each(drop));
        Self { process, folder }
    }

    /// The URL of its database.
    #[must_use]
    pub fn url(&self) -> String {
        let folder = self.folder.path().display().to_string();
        let host = folder.replace('/', "%2F");
        format!("postgres://postgres@{host}/postgres")
    }
}

impl Drop for TestPostgres {
    /// At once, but not by a kill, which would leave its shared memory behind.
    fn drop(&mut self) {
        let process = self.process.id().to_string();
        let sent = Command::new("kill").args(["-QUIT", &process]).status();
        sent.and_then(|_| self.process.wait()).unwrap();
    }
}

/// Who has to own the folder and run the server, where this is root, as whom it refuses to run.
fn owner() -> Option<u32> {
    let id = |arguments: &[&str]| {
        let said = Command::new("id").args(arguments).output().unwrap().stdout;
        String::from_utf8(said).unwrap().trim().parse().ok()
    };
    (id(&["-u"]) == Some(0)).then(|| id(&["-u", "postgres"]).expect(MISSING))
}

/// The folder of its programs, which Debian has beside the PATH; empty for the PATH.
fn binaries() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let folders = versions.flatten().map(|version| version.path().join("bin"));
    folders
        .filter(|folder| folder.join("initdb").exists())
        .max()
        .unwrap_or_default()
}
