//! The bench itself does what it is told: without that, a test that passes on it shows nothing.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use support::{Commands, Door, End, Program, Proxy, Rule, TestRedis, Way, scenario};

const LATE: Duration = Duration::from_secs(60);
/// For an answer that is not expected.
const SHORT: Duration = Duration::from_millis(50);

fn connect(proxy: &Proxy) -> TcpStream {
    let socket = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
    socket.set_read_timeout(Some(LATE)).unwrap();
    socket
}

/// Asks for the echo of a word, and gets this many bytes.
fn echo(socket: &mut TcpStream, word: &str) -> std::io::Result<String> {
    let command = format!("*2\r\n$4\r\nECHO\r\n${}\r\n{word}\r\n", word.len());
    socket.write_all(command.as_bytes())?;
    let mut answer = vec![0; format!("${}\r\n{word}\r\n", word.len()).len()];
    socket.read_exact(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[test]
fn bytes_pass_are_counted_and_end_where_a_rule_says() {
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    let mut socket = connect(&proxy);
    assert_eq!(echo(&mut socket, "abc").unwrap(), "$3\r\nabc\r\n");
    // What has passed is counted behind it.
    proxy.wait(|traffic| (traffic.to_server, traffic.to_client) == (23, 9));
    let traffic = proxy.traffic();
    assert_eq!((traffic.connections, traffic.open), (1, 1));

    proxy.rule(Way::ToClient, Rule::CutAfter(4, End::Fin));
    socket.write_all(b"PING\r\nPING\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "+PON");
    let mut next = connect(&proxy);
    echo(&mut next, "a cut happens once").unwrap();

    proxy.cut(End::Reset);
    let error = next.read(&mut [0; 9]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    proxy.wait(|traffic| traffic.open == 0);
}

#[test]
fn a_pattern_cuts_also_where_it_comes_in_pieces() {
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    proxy.rule(Way::ToServer, Rule::CutOn(b"poison".to_vec(), End::Fin));
    for _ in 0..2 {
        let mut socket = connect(&proxy);
        echo(&mut socket, "pois").unwrap();
        let before = proxy.traffic().to_server;
        socket.write_all(b"*2\r\n$4\r\nECHO\r\n$6\r\npois").unwrap();
        proxy.wait(|traffic| traffic.to_server == before + 22);
        socket.write_all(b"on\r\n").unwrap();
        assert_eq!(socket.read(&mut [0; 9]).unwrap(), 0);
        assert_eq!(proxy.traffic().to_server, before + 22);
    }
}

#[test]
fn what_is_held_comes_after_its_sender_has_gone_and_another_has_come() {
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    let mut old = connect(&proxy);
    echo(&mut old, "old").unwrap();
    proxy.rule_old(Way::ToServer, Rule::Hold);
    old.write_all(b"APPEND key old\r\n").unwrap();
    proxy.wait(|traffic| traffic.held_to_server == 16);
    drop(old);
    let mut new = connect(&proxy);
    new.write_all(b"APPEND key new\r\n").unwrap();
    new.read_exact(&mut [0; 4]).unwrap();
    assert_eq!(proxy.traffic().open, 2);
    proxy.heal();
    proxy.wait(|traffic| traffic.held_to_server == 0 && traffic.open == 1);
    new.write_all(b"GET key\r\n").unwrap();
    let mut answer = [0; 12];
    new.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"$6\r\nnewold\r\n");
}

#[test]
fn what_is_swallowed_is_gone_and_the_sockets_stay() {
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    let mut socket = connect(&proxy);
    echo(&mut socket, "before").unwrap();
    proxy.rule(Way::ToClient, Rule::Swallow);
    socket.set_read_timeout(Some(SHORT)).unwrap();
    let error = echo(&mut socket, "meanwhile").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    proxy.heal();
    socket.set_read_timeout(Some(LATE)).unwrap();
    echo(&mut socket, "after").unwrap();
    proxy.rule(Way::ToClient, Rule::Close);
    assert_eq!(socket.read(&mut [0; 9]).unwrap(), 0);
    let before = proxy.traffic().to_server;
    socket.write_all(b"PING\r\n").unwrap();
    proxy.wait(|traffic| traffic.to_server == before + 6);
}

#[test]
fn what_is_slow_takes_its_time() {
    let redis = TestRedis::start();
    let proxy = Proxy::to(&redis);
    let mut socket = connect(&proxy);
    for rule in [Rule::Drip(100), Rule::Delay(Duration::from_millis(90))] {
        proxy.rule(Way::ToClient, rule);
        let begun = Instant::now();
        assert_eq!(echo(&mut socket, "abc").unwrap(), "$3\r\nabc\r\n");
        assert!(begun.elapsed() >= Duration::from_millis(90));
    }
    proxy.rule(Way::ToClient, Rule::Insert(b"!".to_vec()));
    assert_eq!(echo(&mut socket, "abc").unwrap(), "!$3\r\nabc\r");
}

#[test]
fn the_door_and_what_is_behind_it_can_be_changed() {
    let (first, second) = (TestRedis::start(), TestRedis::start());
    second.occupy("second");
    let proxy = Proxy::to(&first);
    proxy.door(Door::Shut);
    connect(&proxy).read(&mut [0; 9]).unwrap_err();
    proxy.door(Door::Answer(b"HTTP/1.1 400".to_vec()));
    let mut socket = connect(&proxy);
    assert_eq!(echo(&mut socket, "abcdef").unwrap(), "HTTP/1.1 400");
    proxy.door(Door::Silent);
    let mut socket = connect(&proxy);
    socket.set_read_timeout(Some(SHORT)).unwrap();
    echo(&mut socket, "a").unwrap_err();
    proxy.door(Door::Open);
    proxy.retarget(second.port());
    let mut socket = connect(&proxy);
    socket.write_all(b"GET second\r\n").unwrap();
    let mut answer = [0; 7];
    socket.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"$1\r\nx\r\n");
    let port = proxy.port();
    drop(proxy);
    let gone = socket.read(&mut [0; 9]);
    let is_reset = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionReset;
    assert!(
        matches!(&gone, Ok(0)) || gone.as_ref().is_err_and(is_reset),
        "{gone:?}"
    );
    TcpStream::connect(("127.0.0.1", port)).unwrap_err();
}

#[test]
fn a_server_is_paused_linked_and_cut_short() {
    let mut redis = TestRedis::with(&["--appendonly", "yes", "--appendfsync", "everysec"]);
    redis.pause(LATE, Commands::Write);
    redis.unpause();
    redis.run(&["SET", "a", "1"]);
    let replica = TestRedis::start();
    replica.follow(&redis);
    assert_eq!(replica.info("replication", "role"), "slave");
    replica.promote();
    assert_eq!(replica.info("replication", "role"), "master");
    let whole = redis.aof_length();
    redis.run(&["SET", "b", "2"]);
    redis.kill();
    assert!(redis.aof_length() > whole);
    redis.truncate_aof(whole);
    redis.restart();
    let mut keys = redis::cmd("KEYS");
    let keys: Vec<String> = keys.arg("*").query(&mut redis.client()).unwrap();
    assert_eq!(keys, ["a"], "what came after the cut is gone");
}

#[test]
fn a_small_disk_fills_and_is_mended() {
    let redis = TestRedis::with_small_disk(64, &["--appendonly", "yes"]);
    let large = "x".repeat(100_000);
    redis.run(&["SET", "large", &large]);
    let mut client = redis.client();
    let mut is_refused = || {
        let set = redis::cmd("SET").arg("a").arg("1").exec(&mut client);
        matches!(set, Err(error) if error.code() == Some("MISCONF"))
    };
    let until = Instant::now() + LATE;
    while !is_refused() {
        assert!(Instant::now() < until, "the disk never fills");
    }
    redis.mend_disk();
    while is_refused() {
        assert!(Instant::now() < until, "the disk is never mended");
    }
}

#[test]
fn a_program_that_hangs_is_ended_and_fails() {
    const NAME: &str = "a_program_that_hangs_is_ended_and_fails";
    match scenario().as_deref() {
        Some("hangs") => loop {
            std::thread::park();
        },
        Some(name) => return println!("plays {name}"),
        None => {}
    }
    let exit = Program::again(NAME, "its part").run();
    exit.passed();
    assert!(exit.said.contains("plays its part"), "{}", exit.said);

    let hangs = || Program::again(NAME, "hangs").patience(Duration::from_millis(500));
    let hung = catch_unwind(AssertUnwindSafe(|| hangs().run()));
    let said = hung.unwrap_err();
    assert!(said.downcast_ref::<String>().unwrap().contains("it hangs"));

    let mut running = hangs().patience(LATE).start();
    running.wait_for("running 1 test");
    assert!(running.memory_peak() > 1000);
    running.signal("KILL");
    let exit = running.wait();
    assert!(!exit.status.success() && exit.status.code().is_none());
}
