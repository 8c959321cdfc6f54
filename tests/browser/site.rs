//! The example with the page, and the network before it.

use stream_events::Publisher;
use support::{Door, End, Proxy, TestRedis};

use crate::program::Example;

/// The example with the page, behind a network that a test can cut.
pub(crate) struct Site {
    pub(crate) redis: TestRedis,
    pub(crate) proxy: Proxy,
    _example: Example,
}

impl Site {
    pub(crate) fn open() -> Self {
        let redis = TestRedis::start();
        let example = Example::of("job_page", &[], &redis);
        let url = example.line().unwrap();
        let port = url.split([':', '/']).nth(4).unwrap().parse().unwrap();
        Self {
            redis,
            proxy: Proxy::to_port(port),
            _example: example,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.proxy.port())
    }

    pub(crate) fn publisher(&self) -> Publisher {
        Publisher::connect(self.redis.url()).unwrap()
    }

    /// Nobody gets through, and who was through is not any more.
    pub(crate) fn cut(&self) {
        self.proxy.door(Door::Shut);
        self.proxy.cut(End::Reset);
    }

    /// The types of what stands on the stream.
    pub(crate) fn types(&self, job: &str) -> Vec<String> {
        let entries = self.redis.entries(&format!("job_events:{job}"));
        let types = entries.iter().map(|entry| entry.field("event_type"));
        types.map(str::to_owned).collect()
    }
}
