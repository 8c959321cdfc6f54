//! `redis-benchmark`, which sends the same and waits for nothing but the server.

use support::Program;

use crate::job::Payload;
use crate::part::{Numbers, numbers};
use crate::placement;
use crate::server::Server;

const CONNECTIONS: &str = "10";
const PIPELINE: u64 = 256;

/// Ten connections of 256 commands each, over so many streams. With `trims` each command has the bound that
/// ours have.
pub(crate) fn run(
    server: &Server,
    events: u64,
    streams: u64,
    payload: &Payload,
    trims: bool,
) -> Numbers {
    assert!(events.is_multiple_of(PIPELINE), "it sends whole pipelines");
    server.clear();
    let key = if streams == 1 {
        "job_events:job_000000000000"
    } else {
        "job_events:job___rand_int__"
    };
    let mut program = match placement::client() {
        Some(core) => Program::at("taskset").arg("-c").arg(core).arg(PROGRAM),
        None => Program::at(PROGRAM),
    };
    let (port, events_text, streams) = (
        server.port().to_string(),
        events.to_string(),
        streams.to_string(),
    );
    let pipeline = PIPELINE.to_string();
    let options = [
        "-p",
        &port,
        "-n",
        &events_text,
        "-r",
        &streams,
        "-c",
        CONNECTIONS,
        "-P",
        &pipeline,
        "--csv",
    ];
    let bound: &[&str] = if trims {
        &["MAXLEN", "~", "10000"]
    } else {
        &[]
    };
    let values = [
        "*",
        "data",
        &payload.data,
        "timestamp",
        &payload.timestamp,
        "event_type",
        "task_progress",
    ];
    for argument in options
        .iter()
        .chain(&["XADD", key])
        .chain(bound)
        .chain(&values)
    {
        program = program.arg(argument);
    }
    let exit = program.run();
    assert!(exit.status.success(), "{}", exit.said);
    // Behind the command, which it quotes as it is.
    let last = exit.said.lines().last().unwrap();
    let rate = last
        .rsplit(',')
        .nth(6)
        .unwrap()
        .trim_matches('"')
        .parse()
        .unwrap();
    assert_eq!(server.added(), events);
    numbers([("rate", rate)])
}

const PROGRAM: &str = "redis-benchmark";
