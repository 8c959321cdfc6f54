//! What errors of a server and of the client mean.

use redis::{ErrorKind, RedisError, ServerError};

use super::super::{Class, Fault};

/// What an error of the client means.
pub(super) fn of_client(error: &RedisError) -> Fault {
    match error.kind() {
        ErrorKind::Server(_) | ErrorKind::Extension => classified(
            error.code().unwrap_or_default(),
            error.detail().unwrap_or_default(),
        ),
        ErrorKind::AuthenticationFailed => Fault::new(Class::Denied, error),
        // A connection that broke or is out of step gives nothing more; one whose answer is late
        // would be kept for ever by the client.
        _ => Fault::new(Class::Connection, error),
    }
}

pub(super) fn of_server(error: &ServerError) -> Fault {
    classified(error.code(), error.details().unwrap_or_default())
}

/// By the [error
/// codes](https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors) of the
/// server.
fn classified(code: &str, detail: &str) -> Fault {
    let detail = detail.split(ARGUMENTS).next().unwrap_or_default();
    let class = match code {
        // A demoted master refuses writes for ever; behind the same name there may be another by
        // now.
        "READONLY" | "MASTERDOWN" => Class::Connection,
        // Rights, a full disk, replicas that are not there: someone has to mend that.
        "NOAUTH" | "WRONGPASS" | "NOPERM" | "MISCONF" | "NOREPLICAS" => Class::Denied,
        "WRONGTYPE" => Class::Never,
        "MOVED" | "ASK" | "CROSSSLOT" => Class::Elsewhere,
        _ if detail.contains("equal or smaller") => Class::Conflict,
        _ if detail.contains("exhausted the last possible ID") => Class::Never,
        "ERR" if is_unknown(detail) || detail.starts_with(NO_DATABASES) => Class::Denied,
        "ERR" => Class::Odd,
        // Memory, loading, a busy script, a slot with some of its keys here and some there (TRYAGAIN), a cluster
        // without a master for it: each of them passes, or is mended while we wait.
        _ => Class::Later,
    };
    let said = format!("{code} {detail}");
    Fault {
        class,
        why: format!("{}{}", mistaken(class, detail), said.trim_end()),
        is_answer: class == Class::Connection,
    }
}

/// What the server is in truth, where who asks has taken it for another kind.
fn mistaken(class: Class, detail: &str) -> &'static str {
    let is_basic = || BASIC.iter().any(|name| detail.contains(name));
    match class {
        Class::Elsewhere => OF_A_CLUSTER,
        _ if detail.starts_with(NO_DATABASES) => OF_A_CLUSTER,
        _ if is_unknown(detail) && is_basic() => OF_SENTINELS,
        _ => "",
    }
}

fn is_unknown(detail: &str) -> bool {
    detail.starts_with("unknown command")
}

/// Whether the server knows no such command: it is of another kind.
pub(super) fn is_of_no_command(fault: &Fault) -> bool {
    fault.why.strip_prefix("ERR ").is_some_and(is_unknown)
}

/// Behind this, a server repeats of a command that it does not know what it was asked with: that is a job's, or
/// a secret.
const ARGUMENTS: &str = ", with args beginning with";

/// Heard by who took it for a single server. What the server says stands behind it.
const OF_A_CLUSTER: &str =
    "the server is one of a cluster, whose URL is redis+cluster:// or rediss+cluster://: ";

/// Said by a server of a cluster.
const NO_DATABASES: &str = "SELECT is not allowed in cluster mode";

/// Heard by who took it for a server with data: all of these know such words, since Redis 5.0.
const OF_SENTINELS: &str = "the server has no streams; where it is a sentinel, its URL is \
                            redis+sentinel://host:26379/name, with the master's name: ";
const BASIC: [&str; 6] = ["XADD", "XRANGE", "XREVRANGE", "XREAD", "XINFO", "SELECT"];

/// An answer that makes no sense: the connection is out of step. Of what there is instead, which may be
/// whole events, a glimpse is enough.
pub(super) fn unexpected(what: impl std::fmt::Display) -> Fault {
    let mut why = format!("unexpected answer: {what}");
    if let Some((end, _)) = why.char_indices().nth(SHOWN) {
        why.truncate(end);
        why.push('…');
    }
    Fault::new(Class::Connection, why)
}

/// Characters.
const SHOWN: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_of_a_cluster_says_whose_url_is_wrong() {
        let fault = classified("MOVED", "3999 127.0.0.1:6381");
        assert_eq!(fault.class, Class::Elsewhere);
        let expected = "the server is one of a cluster, whose URL is redis+cluster:// or \
                        rediss+cluster://: MOVED 3999 127.0.0.1:6381";
        assert_eq!(fault.why, expected);
    }

    #[test]
    fn what_passes_is_asked_again() {
        for said in [
            "TRYAGAIN Multiple keys request during rehashing of slot",
            "CLUSTERDOWN Hash slot not served",
            "CLUSTERDOWN The cluster is down",
            "LOADING Redis is loading the dataset in memory",
            "BUSY Redis is busy running a script.",
            "OOM command not allowed when used memory > 'maxmemory'.",
        ] {
            let (code, detail) = said.split_once(' ').unwrap();
            let fault = classified(code, detail);
            assert_eq!((fault.class, &*fault.why), (Class::Later, said));
        }
    }

    #[test]
    fn what_a_command_was_asked_with_is_not_repeated() {
        let detail = "unknown command 'AUTH', with args beginning with: 'publisher' 's3cret' ";
        let fault = classified("ERR", detail);
        assert_eq!(fault.class, Class::Denied);
        assert_eq!(fault.why, "ERR unknown command 'AUTH'");
    }

    #[test]
    fn of_an_answer_that_makes_no_sense_a_glimpse_is_shown() {
        let short = unexpected("no").why;
        assert_eq!(short, "unexpected answer: no");
        let long = unexpected("汉".repeat(1000)).why;
        assert_eq!(long.chars().count(), SHOWN + 1);
    }
}
