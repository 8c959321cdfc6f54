//! A server for a group of rows, and what stands on it.

use std::ops::Deref;

use redis::Value;
use support::TestRedis;

use crate::placement;

pub(crate) struct Server(TestRedis);

impl Server {
    /// On a processor of its own.
    pub(crate) fn pinned(arguments: &[&str]) -> Self {
        let server = Self::free(arguments);
        let process = server.info("server", "process_id").parse();
        placement::pin(process.unwrap(), placement::SERVER);
        server
    }

    /// Wherever there is room.
    pub(crate) fn free(arguments: &[&str]) -> Self {
        let none = ["--appendonly", "no"];
        let arguments = if arguments.is_empty() {
            &none
        } else {
            arguments
        };
        Self(TestRedis::with(arguments))
    }

    pub(crate) fn clear(&self) {
        self.run(&["FLUSHALL"]);
    }

    /// How many events stand on all streams of jobs, by XLEN.
    pub(crate) fn length(&self) -> u64 {
        self.sum("XLEN", |length: u64| length)
    }

    /// How many were ever added to them: of a long stream, the oldest are gone.
    pub(crate) fn added(&self) -> u64 {
        self.sum("XINFO STREAM", |info: Vec<Value>| {
            let name = Value::BulkString(b"entries-added".into());
            let at = info.iter().position(|value| *value == name);
            at.and_then(|at| redis::from_redis_value_ref(&info[at + 1]).ok())
                .unwrap()
        })
    }

    fn sum<T: redis::FromRedisValue>(&self, command: &str, of: impl Fn(T) -> u64) -> u64 {
        let mut client = self.client();
        let keys: Vec<String> = redis::cmd("KEYS")
            .arg("job_events:*")
            .query(&mut client)
            .unwrap();
        let mut pipeline = redis::Pipeline::new();
        for key in &keys {
            let mut words = command.split(' ');
            let command = pipeline.cmd(words.next().unwrap());
            words.for_each(|word| {
                command.arg(word);
            });
            command.arg(key);
        }
        let answers: Vec<T> = pipeline.query(&mut client).unwrap();
        answers.into_iter().map(of).sum()
    }
}

impl Deref for Server {
    type Target = TestRedis;

    fn deref(&self) -> &TestRedis {
        &self.0
    }
}

/// What the figures depend on.
pub(crate) fn about() -> String {
    let server = Server::free(&[]);
    let version = server.info("server", "redis_version");
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{processors} processors, Redis {version}; {} rounds, medians (least–most)",
        crate::rounds::ROUNDS
    )
}
