//! A server's disk: full and mended, and what a power cut leaves of the file of commands.

use std::fs::{self, OpenOptions};
use std::path::PathBuf;
use std::process::Command;

use super::TestRedis;

impl TestRedis {
    /// Lets the files of a server [with a small disk](Self::with_small_disk) grow again.
    pub fn mend_disk(&self) {
        mend_disk(self.process_id());
    }

    /// Bytes in the file that commands are appended to.
    #[must_use]
    pub fn aof_length(&self) -> u64 {
        fs::metadata(self.aof()).unwrap().len()
    }

    /// Leaves this many bytes of the file that commands are appended to, as a power cut does with
    /// what was not synced. The server has to be killed, and is not started again.
    pub fn truncate_aof(&mut self, bytes: u64) {
        assert!(!self.is_running(), "the server would write on");
        let file = OpenOptions::new().write(true).open(self.aof()).unwrap();
        let length = file.metadata().unwrap().len();
        assert!(bytes <= length, "there are {length} bytes only");
        file.set_len(bytes).unwrap();
    }

    /// The newest file of a folder since 7.0, one file before.
    fn aof(&self) -> PathBuf {
        let single = self.folder().join("appendonly.aof");
        let Ok(folder) = fs::read_dir(self.folder().join("appendonlydir")) else {
            return single;
        };
        let files = folder.map(|file| file.unwrap().path());
        let appended = files.filter(|file| file.to_string_lossy().ends_with(".incr.aof"));
        appended.max().unwrap_or(single)
    }
}

/// Lets the files of a process grow again.
pub(crate) fn mend_disk(process: u32) {
    let raised = Command::new("prlimit")
        .args(["--pid", &process.to_string(), "--fsize=unlimited"])
        .status();
    assert!(raised.expect("`prlimit` is on the PATH").success());
}
