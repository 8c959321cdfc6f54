//! A user with the rights that the documentation gives it, or with one less, and a child that is it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use redis::Connection;
use support::{Log, Program, TestRedis, rights};

const SOON: Duration = Duration::from_secs(30);

/// A user with the rights of this one, but for one; and the URL by which it comes.
pub(crate) fn user(redis: &TestRedis, name: &str, without: &str) -> String {
    let rules = rights(name).into_iter();
    let rules: Vec<_> = rules.filter(|rule| rule[1..] != *without).collect();
    redis.allow(name, &format!("reset on >secret {}", rules.join(" ")));
    redis.url().replace("//", &format!("//{name}:secret@"))
}

/// Has this process's part done by a child: as this user, without this right.
pub(crate) fn said_by_child(test: &str, redis: &TestRedis, name: &str, without: &str) -> String {
    let url = user(redis, name, without);
    let scenario = format!("{url} {} {without}", redis.admin_url());
    let exit = Program::again(test, &scenario).run();
    exit.passed();
    assert!(!exit.said.contains("secret"), "{}", exit.said);
    exit.said
}

/// The URL of the user whose part this is, what may do everything, and what that user may not.
pub(crate) fn part(scenario: &str) -> (&str, Connection, &str) {
    let mut words = scenario.split(' ');
    let mut next = || words.next().unwrap();
    let (url, raw) = (next(), redis::Client::open(next()).unwrap());
    (url, raw.get_connection().unwrap(), next())
}

/// Whether the command was asked for, also in vain.
pub(crate) fn is_asked(raw: &mut Connection, command: &str) -> bool {
    let stats = redis::cmd("INFO").arg("commandstats").query::<String>(raw);
    let stats = stats.unwrap();
    // Servers before 7.0 count no subcommands.
    let whole = command.split('|').next().unwrap_or(command);
    [command, whole]
        .iter()
        .any(|name| stats.contains(&format!("cmdstat_{name}:")))
}

/// What was refused for lack of a right.
pub(crate) fn refused(redis: &TestRedis) -> Vec<String> {
    let log = redis::cmd("ACL").arg("LOG").query(&mut redis.client());
    let log: Vec<HashMap<String, redis::Value>> = log.unwrap();
    let object = |entry: &HashMap<String, redis::Value>| {
        redis::from_redis_value::<String>(entry["object"].clone()).unwrap()
    };
    // The client tells its name where it may. Servers before 7.0 name no subcommands.
    log.iter()
        .map(object)
        .filter(|object| !["client|setinfo", "client"].contains(&object.as_str()))
        .collect()
}

/// Each of its rights was used, but for these.
pub(crate) fn needs(redis: &TestRedis, user: &str, but: &[&str]) {
    let mut raw = redis.client();
    for command in rights(user)
        .iter()
        .filter_map(|rule| rule.strip_prefix('+'))
    {
        let is_used = is_asked(&mut raw, command) || but.contains(&command);
        assert!(is_used, "{user} does not need {command}");
    }
}

pub(crate) fn listen() -> Log {
    let log = Log::default();
    let lines = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false);
    subscriber.with_writer(move || lines.clone()).init();
    log
}

pub(crate) fn add(raw: &mut Connection, key: &str, id: &str, data: serde_json::Value) {
    let kind = data["event_type"].as_str().unwrap_or("other").to_owned();
    let mut command = redis::cmd("XADD");
    command.arg(key).arg(id).arg("data").arg(data.to_string());
    command.arg("timestamp").arg("").arg("event_type").arg(kind);
    command.exec(raw).unwrap();
}

/// Waits for it and lets others go on meanwhile.
pub(crate) async fn becomes_so(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + SOON;
    while !is_so() {
        assert!(Instant::now() < until, "it was never so: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
