//! How the members of a group are named, and what it takes to take over what others have left.
#![allow(clippy::unwrap_used)]

mod members;

use members::{FEED, next};
use stream_events::{ErrorKind, Reader};
use support::TestRedis;

#[test]
fn a_name_that_is_none_is_refused_by_name() {
    let reader = Reader::connect("memory:names").unwrap();
    let long = "x".repeat(257);
    let named = |name: &str| reader.feed_group(name);
    let member = |name: &str| named("g").and_then(|group| group.member(name));
    for (name, why) in [
        ("", "\"\" of a feed group is empty"),
        ("a\nb", "\"a\\nb\" of a feed group holds '\\n'"),
        (&long, "of a feed group has 257 bytes"),
    ] {
        for error in [named(name), member(name)].map(Result::unwrap_err) {
            assert_eq!(error.kind(), ErrorKind::InvalidGroup);
            let text = error.to_string().replace("a member of ", "");
            assert!(text.contains(why), "{text}");
            assert!(text.contains("1 to 256 bytes"), "{text}");
        }
    }
    for name in ["g", "été {1}", &long[1..]] {
        assert!(named(name).is_ok() && member(name).is_ok(), "{name}");
    }
}

/// It does not begin with the oldest each time.
#[tokio::test]
async fn of_many_that_are_left_each_is_looked_at_once() {
    const LEFT: u64 = 500;
    let redis = TestRedis::start();
    redis.run(&["XGROUP", "CREATE", FEED, "g", "$", "MKSTREAM"]);
    let mut left = redis::Pipeline::new();
    for n in 1..=LEFT {
        let id = format!("{n}-0");
        left.cmd("XADD").arg(FEED).arg(&id).arg("data").arg("{}");
        let take = left.cmd("XREADGROUP").arg("GROUP").arg("g").arg("dead");
        take.arg("STREAMS").arg(FEED).arg(">");
        // A day ago.
        let idle = left.cmd("XCLAIM").arg(FEED).arg("g").arg("dead").arg(0);
        idle.arg(&id).arg("IDLE").arg(86_400_000);
    }
    left.exec(&mut redis.client()).unwrap();
    let mut group = Reader::connect(redis.reader_url())
        .unwrap()
        .feed_group("g")
        .unwrap();
    let mut held = Vec::new();
    for n in 1..=LEFT {
        held.push(next(&mut group).await);
        assert_eq!(held.last().unwrap().event().id().ms(), n);
    }
    let calls = redis.calls("xautoclaim");
    assert!(calls <= LEFT + 1, "{calls}");
    for assigned in &held {
        assigned.ack().await.unwrap();
    }
}
