//! What stands in a server's index of runs at work, and how often it was asked.

use super::TestRedis;

impl TestRedis {
    /// The runs of an index: `<run>:<job>`, and until when each is leased, in ms of the server's clock.
    #[must_use]
    pub fn leases(&self, index: &str) -> Vec<(String, u64)> {
        let mut command = redis::cmd("ZRANGE");
        command.arg(index).arg(0).arg(-1).arg("WITHSCORES");
        command.query(&mut self.client()).unwrap()
    }

    /// Writes a lease that ends so many ms from now, or before now, by the server's clock.
    pub fn lease(&self, index: &str, member: &str, from_now: i64) {
        let until = self.clock().saturating_add_signed(from_now);
        self.run(&["ZADD", index, &until.to_string(), member]);
    }

    /// Leaves a run, `r1`, as a process that is gone does: begun on this stream, and its lease run out.
    pub fn abandon(&self, key: &str, index: &str) {
        let data = r#"{"run":"r1","seq":0,"task_type":"t"}"#;
        self.run(&["XADD", key, "*", "data", data, "event_type", "task_started"]);
        let (_, job) = key.rsplit_once(':').expect("a prefix and a job");
        self.lease(index, &format!("r1:{job}"), -60_000);
    }

    /// The server's clock, in ms since 1970.
    #[must_use]
    pub fn clock(&self) -> u64 {
        let time: (u64, u64) = redis::cmd("TIME").query(&mut self.client()).unwrap();
        time.0 * 1000 + time.1 / 1000
    }

    /// How often a command was called, since the server started.
    #[must_use]
    pub fn calls(&self, command: &str) -> u64 {
        let told = |command: &str| self.info("commandstats", &format!("cmdstat_{command}"));
        let mut stats = told(command);
        // Before 7.0, subcommands are not told apart.
        if let ("", Some((container, _))) = (&*stats, command.split_once('|')) {
            stats = told(container);
        }
        let calls = stats.split(',').next().unwrap_or_default();
        calls
            .strip_prefix("calls=")
            .map_or(0, |calls| calls.parse().unwrap())
    }
}
