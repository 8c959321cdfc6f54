//! The driver against a server that is played byte by byte.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::yield_now;
use tokio::time::timeout;

use super::*;

const LONG: Duration = Duration::from_secs(30);

/// A connection, and its server; so many bytes are on their way at most.
fn connected(bytes: usize) -> (Wire, DuplexStream) {
    let (ours, server) = duplex(bytes);
    (Wire::new(Box::new(ours), LONG), server)
}

async fn read(server: &mut DuplexStream, expected: &[u8]) {
    let mut read = vec![0; expected.len()];
    let whole = timeout(LONG, server.read_exact(&mut read)).await;
    whole.expect("it is not held back").unwrap();
    assert_eq!(
        String::from_utf8_lossy(&read),
        String::from_utf8_lossy(expected)
    );
}

fn texts(answered: Result<Replies, Fault>) -> Vec<String> {
    let mut replies = answered.unwrap();
    let text = |_| {
        replies
            .take_raw()
            .ok()
            .map(|raw| String::from_utf8_lossy(raw).into_owned())
    };
    (0..9).map_while(text).collect()
}

const PUSH: &str = ">2\r\n+invalidate\r\n*1\r\n$3\r\na\r\n\r\n";
/// Three requests' answers, with what nobody asked for around each.
const ANSWERS: [&str; 9] = [
    PUSH,
    "+OK\r\n",
    PUSH,
    "*2\r\n$3\r\n1-1\r\n*1\r\n:7\r\n",
    PUSH,
    "-ERR a\r\n",
    "$5\r\na\r\nbc\r\n",
    PUSH,
    PUSH,
];

async fn is_told_right(wire: &Wire, mut server: DuplexStream, pieces: &[&[u8]]) {
    let [first, second, third] =
        [("A", 1), ("BB", 2), ("C", 1)].map(|(sent, answers)| wire.send(sent.into(), answers));
    read(&mut server, b"ABBC").await;
    for piece in pieces {
        server.write_all(piece).await.unwrap();
        // The driver has it before there is more.
        yield_now().await;
    }
    assert_eq!(texts(first.await), [ANSWERS[1]]);
    assert_eq!(texts(second.await), [ANSWERS[3], ANSWERS[5]]);
    assert_eq!(texts(third.await), [ANSWERS[6]]);
}

#[tokio::test]
async fn each_request_has_its_answers_wherever_they_are_cut() {
    let answers = ANSWERS.concat();
    let bytes = answers.as_bytes();
    for cut in 0..=bytes.len() {
        let (wire, server) = connected(4096);
        let (head, tail) = bytes.split_at(cut);
        is_told_right(&wire, server, &[head, tail]).await;
    }
    // One byte fits at a time, in both directions.
    let (wire, server) = connected(1);
    is_told_right(&wire, server, &[bytes]).await;
}

#[tokio::test]
async fn a_server_that_goes_away_answers_what_it_has_answered() {
    let (wire, mut server) = connected(4096);
    let [first, second, third] = [1, 2, 1].map(|answers| wire.send(b"A".to_vec(), answers));
    read(&mut server, b"AAA").await;
    server.write_all(b"+OK\r\n+half").await.unwrap();
    drop(server);
    assert_eq!(texts(first.await), ["+OK\r\n"]);
    for request in [second, third, wire.send(b"A".to_vec(), 1)] {
        let fault = request.await.err().unwrap();
        assert_eq!(fault.class, Class::Connection);
        assert!(fault.why.contains("closed"), "{fault}");
    }
}

#[tokio::test]
async fn the_answer_to_what_was_cancelled_is_nobody_elses() {
    let (wire, mut server) = connected(4096);
    let cancelled = wire.send(b"A".to_vec(), 2);
    let kept = wire.send(b"B".to_vec(), 1);
    read(&mut server, b"AB").await;
    server.write_all(b"+a\r\n").await.unwrap();
    yield_now().await;
    drop(cancelled);
    server.write_all(b"+a\r\n+b\r\n").await.unwrap();
    assert_eq!(texts(kept.await), ["+b\r\n"]);
}

#[tokio::test]
async fn the_last_handle_closes_the_connection() {
    let (wire, mut server) = connected(4096);
    let request = wire.send(b"A".to_vec(), 1);
    drop(wire);
    read(&mut server, b"A").await;
    server.write_all(b"+a\r\n").await.unwrap();
    assert_eq!(texts(request.await), ["+a\r\n"]);
    let end = timeout(LONG, server.read(&mut [0])).await;
    assert_eq!(end.expect("it is closed").unwrap(), 0);
}

#[tokio::test]
async fn a_connection_is_closed_also_while_its_server_reads_nothing() {
    let (wire, mut server) = connected(4096);
    let request = wire.send(vec![b'x'; 4 * 1024 * 1024], 1);
    yield_now().await;
    drop((wire, request));
    yield_now().await;
    let gone = server.write_all(b"+").await.unwrap_err();
    assert_eq!(gone.kind(), std::io::ErrorKind::BrokenPipe);
}

#[tokio::test]
async fn what_is_asked_behind_a_giant_request_is_sent_though_that_has_no_answer_yet() {
    let (wire, mut server) = connected(4 * 1024 * 1024);
    let giant = vec![b'x'; 2 * 1024 * 1024];
    let _unanswered = wire.send(giant.clone(), 1);
    read(&mut server, &giant).await;
    let _asked = wire.send(b"A".to_vec(), 1);
    read(&mut server, b"A").await;
}

#[tokio::test]
async fn more_answers_than_were_asked_for_end_the_connection() {
    let (wire, mut server) = connected(4096);
    let request = wire.send(b"A".to_vec(), 1);
    read(&mut server, b"A").await;
    server.write_all(b"+a\r\n+b\r\n").await.unwrap();
    assert_eq!(texts(request.await), ["+a\r\n"]);
    let next = wire.send(b"A".to_vec(), 1).await.err().unwrap();
    assert_eq!(next.class, Class::Connection);
    assert_eq!(next.why, "the connection is closed");
}

#[tokio::test]
async fn what_no_server_says_is_told_to_all_who_wait() {
    let (wire, mut server) = connected(4096);
    let requests = [1, 1].map(|answers| wire.send(b"A".to_vec(), answers));
    server
        .write_all(b"HTTP/1.1 400 Bad Request\r\n")
        .await
        .unwrap();
    for request in requests {
        let fault = request.await.err().unwrap();
        assert_eq!(fault.class, Class::Connection);
        assert!(fault.why.contains("HTTP/1.1 400"), "{fault}");
    }
}

#[tokio::test]
async fn what_asks_nothing_is_answered_and_in_nobodys_way() {
    let (wire, mut server) = connected(4096);
    let nothing = wire.ask_all(&Pipeline::new());
    let request = wire.send(b"A".to_vec(), 1);
    read(&mut server, b"A").await;
    server.write_all(b"+a\r\n").await.unwrap();
    assert_eq!(texts(nothing.await), [""; 0]);
    assert_eq!(texts(request.await), ["+a\r\n"]);
}

#[tokio::test]
async fn an_answer_that_is_late_is_a_fault_of_its_own_request_alone() {
    let (wire, mut server) = connected(4096);
    let hasty = Wire {
        wait: Duration::ZERO,
        ..wire.clone()
    };
    let late = hasty.send(b"A".to_vec(), 1).await.err().unwrap();
    assert_eq!(late.why, "no answer in time");
    let next = wire.send(b"B".to_vec(), 1);
    server.write_all(b"+a\r\n+b\r\n").await.unwrap();
    assert_eq!(texts(next.await), ["+b\r\n"]);
}
