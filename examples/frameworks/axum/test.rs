//! Tables that are sent to the service, and what then stands on the server.

use std::io::{Read, Write};
use std::net::TcpStream;

use support::{TestRedis, kinds};

use super::{ended, start};

/// The answer: the job's id.
fn send(address: &str, table: &str) -> String {
    let mut service = TcpStream::connect(address).unwrap();
    let head = "POST /totals HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Length:";
    write!(service, "{head} {}\r\n\r\n{table}", table.len()).unwrap();
    let mut answer = String::new();
    service.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
    answer.rsplit("\r\n").next().unwrap().to_owned()
}

#[test]
fn a_spawned_job_is_on_its_stream_under_the_id_of_the_answer() {
    let redis = TestRedis::start();
    let mut service = start(env!("CARGO_BIN_EXE_axum_after"), "127.0.0.1:0", &redis);
    service.wait_for("\n");
    let said = service.said();
    let (_, address) = said.trim().split_once("http://").unwrap();

    let good = ended(&redis, &send(address, "pens,12\npaper,30\n"), 1);
    let [started, first, second, completed] = &good[..] else {
        panic!("{good:#?}");
    };
    assert_eq!(started.field("event_type"), "task_started");
    assert_eq!(started.data()["task_type"], "add_up");
    assert_eq!(first.data()["progress"], "row 1");
    assert_eq!(second.data()["current"], 2);
    assert_eq!(completed.data()["result"], 42);

    let bad = ended(&redis, &send(address, "pens,a few"), 1);
    assert_eq!(kinds(&bad), ["task_started", "task_failed: error"]);
    assert_eq!(bad[1].data()["error"], "invalid digit found in string");
}
