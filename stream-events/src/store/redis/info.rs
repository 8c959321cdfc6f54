//! What a server says of itself in [INFO](https://redis.io/docs/latest/commands/info/), one section
//! at a time: only Redis 7 takes two at once.

use redis::{Cmd, Value};

use super::super::{Class, Fault};
use super::reply;

pub(super) fn section(name: &str) -> Cmd {
    let mut command = redis::cmd("INFO");
    command.arg(name);
    command
}

/// The run and the replication id: a server has another run id after it was restarted, and another
/// replication id after a failover or a full resynchronisation. One that
/// says nothing to anybody just now is asked again: it may have lost what it had.
pub(super) fn epoch(
    server: Result<Value, Fault>,
    replication: Result<Value, Fault>,
) -> Result<Option<String>, Fault> {
    let mut epoch = String::new();
    let mut said = String::new();
    for (section, name) in [(server, "run_id"), (replication, "master_replid")] {
        let text = match section {
            Err(fault) if is_mute(&fault) => return Err(fault),
            Err(fault) if fault.class == Class::Denied => {
                return Err(Fault::new(Class::Never, fault));
            }
            section => text(section)?,
        };
        if mode(&text) == Some("sentinel") {
            return Err(Fault::new(Class::Denied, SENTINEL));
        }
        let Some(value) = value(&text, name) else {
            return Ok(None);
        };
        epoch.push_str(value);
        said.push_str(&text);
    }
    match is_replica(&said) {
        true => Err(Fault::new(Class::Connection, REPLICA)),
        false => Ok(Some(epoch)),
    }
}

/// Whether it would take nothing that is written. In a cluster, which server is to be asked is told by others.
fn is_replica(said: &str) -> bool {
    let says = |name, wanted| value(said, name) == Some(wanted);
    mode(said) == Some("standalone") && says("role", "slave") && says("slave_read_only", "1")
}

/// As Redis says it, or Valkey.
fn mode(said: &str) -> Option<&str> {
    value(said, "redis_mode").or_else(|| value(said, "server_mode"))
}

const REPLICA: &str =
    "the server is a replica, which takes no events: the URL has to lead to its master";

const SENTINEL: &str = "the server is a sentinel, whose URL is redis+sentinel://host:26379/name, with the master's name";

/// How the server chooses the keys that it throws away once its memory is full; none where it takes
/// no more then, where its memory has no limit, and where we may not ask.
pub(super) fn evicts(memory: Result<Value, Fault>) -> Result<Option<String>, Fault> {
    let text = text(memory)?;
    let is_limited = value(&text, "maxmemory").is_some_and(|bytes| bytes != "0");
    let policy = value(&text, "maxmemory_policy").filter(|policy| *policy != "noeviction");
    Ok(policy.filter(|_| is_limited).map(|policy| {
        format!("maxmemory-policy is {policy}; with noeviction, events wait instead")
    }))
}

fn is_mute(fault: &Fault) -> bool {
    let code = fault.why.split(' ').next().unwrap_or_default();
    ["BUSY", "LOADING", "NOAUTH"].contains(&code)
}

/// Empty where we may not ask.
fn text(section: Result<Value, Fault>) -> Result<String, Fault> {
    match section {
        Err(fault) if fault.class == Class::Connection => Err(fault),
        section => {
            let bytes = reply::bytes(section.unwrap_or_default());
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
    }
}

fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let value = |line: &'a str| line.strip_prefix(name)?.strip_prefix(':');
    text.lines().find_map(value).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(limit: &str, policy: &str) -> Option<String> {
        let text = format!(
            "# Memory\r\nmaxmemory:{limit}\r\nmaxmemory_human:0B\r\nmaxmemory_policy:{policy}\r\n"
        );
        evicts(Ok(Value::BulkString(text.into()))).unwrap()
    }

    #[test]
    fn a_server_evicts_where_it_has_a_limit_and_a_policy() {
        assert_eq!(
            of("1000", "volatile-lru").as_deref(),
            Some("maxmemory-policy is volatile-lru; with noeviction, events wait instead")
        );
        assert_eq!(of("0", "allkeys-lru"), None);
        assert_eq!(of("1000", "noeviction"), None);
        let denied = Fault::new(Class::Denied, "NOPERM this user has no permissions");
        assert_eq!(evicts(Err(denied.clone())), Ok(None));
        let fault = epoch(Err(denied.clone()), Err(denied)).unwrap_err();
        assert_eq!(
            fault.class,
            Class::Never,
            "that is said, and is no reason to stop"
        );
    }

    #[test]
    fn a_replica_is_no_store_for_events_unless_it_can_be_written_to_and_a_sentinel_never() {
        let of = |mode: &str, role: &str| {
            let text = |text: String| Ok(Value::BulkString(text.into()));
            let server = format!("{mode}\r\nrun_id:1\r\n");
            epoch(text(server), text(format!("{role}\r\nmaster_replid:2\r\n")))
        };
        // As Redis has it, and Valkey.
        for name in ["redis_mode", "server_mode"] {
            let replica = of(
                &format!("{name}:standalone"),
                "role:slave\r\nslave_read_only:1",
            );
            assert_eq!(replica, Err(Fault::new(Class::Connection, REPLICA)));
            let sentinel = of(&format!("{name}:sentinel"), "");
            assert_eq!(sentinel, Err(Fault::new(Class::Denied, SENTINEL)));
        }
        for (mode, role) in [
            ("redis_mode:standalone", "role:master"),
            ("redis_mode:standalone", "role:slave\r\nslave_read_only:0"),
            // Others tell which of them is a master.
            ("redis_mode:cluster", "role:slave\r\nslave_read_only:1"),
        ] {
            assert_eq!(
                of(mode, role).unwrap().as_deref(),
                Some("12"),
                "{mode} {role}"
            );
        }
    }

    #[test]
    fn a_server_says_the_same_of_itself_in_either_protocol() {
        let said = |name: &str| {
            let text = format!("# Section\r\n{name}:{name}1\r\n");
            let in_resp2 = format!("${}\r\n{text}\r\n", text.len());
            let in_resp3 = format!("={}\r\ntxt:{text}\r\n", text.len() + 4);
            [in_resp2, in_resp3].map(|raw| Ok(redis::parse_redis_value(raw.as_bytes()).unwrap()))
        };
        for (server, replication) in said("run_id").into_iter().zip(said("master_replid")) {
            let epoch = epoch(server, replication).unwrap();
            assert_eq!(epoch.as_deref(), Some("run_id1master_replid1"));
        }
    }
}
