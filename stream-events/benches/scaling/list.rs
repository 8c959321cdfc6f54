//! The figures in the order of the page, and what each is.

use crate::figures::number;
use crate::measure::Measured;

/// The table of what was measured. What only a cluster has, or one server alone was asked for, has one number.
pub(crate) fn measured(one: &Measured, cluster: &Measured) -> String {
    let row = |(name, what): &(&str, &str)| {
        let cell = |of: &Measured| of.get(*name).map(|value| number(*value));
        let first = cell(one).or_else(|| cell(cluster));
        let second = cell(cluster).filter(|_| one.contains_key(*name));
        let [first, second] = [first, second].map(Option::unwrap_or_default);
        format!("| `{name}` | {first} | {second} | {what} |")
    };
    let rows: Vec<_> = FIGURES.iter().map(row).collect();
    format!("{HEAD}\n{}", rows.join("\n"))
}

const HEAD: &str = "| measured | one server | three masters | what |\n|---|---|---|---|";

const FIGURES: &[(&str, &str)] = &[
    (
        "stream_10_bytes",
        "`MEMORY USAGE` of a job's stream of 10 events, the first and the last with it",
    ),
    ("stream_100_bytes", "of 100"),
    ("stream_1000_bytes", "of 1,000"),
    (
        "event_bytes",
        "memory that the server grows by for an event, all in all",
    ),
    (
        "job_bytes",
        "for a job beside its events: key, time to live, two entries of the feed",
    ),
    ("feed_entry_bytes", "for an entry of the feed"),
    ("lease_bytes", "for a run at work in the index"),
    ("event_bulk_commands", "commands for an event, in bulk"),
    (
        "event_bulk_server_us",
        "µs of CPU for an event in bulk, at the server",
    ),
    (
        "event_bulk_client_us",
        "at the publisher, callers and worker",
    ),
    (
        "event_alone_server_us",
        "for an event that travels alone, 250 a second, at the server",
    ),
    ("event_alone_client_us", "at the publisher"),
    (
        "awake_client_us",
        "a second, beside that, while events come at all: its worker looks for them",
    ),
    ("event_in_bytes", "of it on the wire to the server"),
    ("event_out_bytes", "and back"),
    (
        "event_kept_server_us",
        "µs of the server's where it keeps a file (`everysec`) and has a replica",
    ),
    ("aof_event_bytes", "of it in that file"),
    ("replica_event_bytes", "of it to each replica"),
    (
        "job_commands",
        "commands for a job: start and end, in its stream and in the index, and its lease",
    ),
    (
        "job_server_us",
        "µs for a job alone, 250 a second, at the server",
    ),
    ("job_client_us", "at the publisher"),
    ("job_in_bytes", "of a job alone on the wire to the server"),
    (
        "lease_server_us",
        "µs for a renewal of a lease, of 5,000 at once, at the server",
    ),
    ("lease_client_us", "at the publisher"),
    (
        "hub_event_server_us",
        "µs for an event to a watch of a hub, at the server",
    ),
    (
        "hub_event_client_us",
        "at the hub's process, until the watch has it",
    ),
    ("hub_event_out_bytes", "of it on the wire"),
    (
        "own_event_server_us",
        "the same for a watch with a connection of its own",
    ),
    ("own_event_client_us", "at its process"),
    ("own_event_out_bytes", "of it on the wire"),
    (
        "news_server_us",
        "µs to tell a hub of an event that nobody watches there, at the server",
    ),
    ("news_client_us", "at the hub's process"),
    ("news_out_bytes", "of it on the wire"),
    (
        "hub_watch_client_bytes",
        "memory of a watch of a hub that waits, in its process",
    ),
    (
        "own_watch_client_bytes",
        "of one with a connection of its own",
    ),
    ("connection_bytes", "memory of a connection, at the server"),
    (
        "publisher_connections",
        "connections of a publisher, of all masters",
    ),
    ("hub_connections", "of a hub, however many watches it has"),
    ("own_watch_connections", "of a watch of its own"),
    (
        "slots_bytes",
        "of the answer to `CLUSTER SLOTS`, for each server that it names",
    ),
    ("masters_measured", "masters that the cluster had"),
    (
        "busiest_of_1000_jobs",
        "streams of 1,000 jobs on the master that has most, over the mean",
    ),
];

/// What is no matter of measuring.
pub(crate) const ASSUMED: &str = "\
| assumed | value | what |
|---|---|---|
| `process_jobs` | 2 | jobs that a process begins each second |
| `job_events` | 100 | events of a job |
| `job_seconds` | 25 | from its start to its end: a process has 50 at work |
| `job_watches` | 1 | watches of each job, by a hub |
| `worker_looks` | 2000 | times a second that a publisher's worker looks for events while they come |
| `renewal_seconds` | 10 | between two renewals of a lease, as shipped |
| `shards` | 16 | pieces of the index in a cluster |
| `replicas` | 1 | of each master; and it keeps an append-only file |
| `node_timeout` | 15 | seconds, as Redis is shipped |
| `bus_header_bytes` | 2256 | of a message of the cluster's bus |
| `bus_gossip_bytes` | 104 | in it, for each server that it tells of |
| `cpu_most` | 0.7 | of one processor: a server's main thread, a publisher's worker, a hub |
| `memory_most` | 16 | GiB of a master |
| `network_most` | 100 | MB/s of a server, each way |
| `connections_most` | 10000 | `maxclients` as Redis is shipped |";
