//! Certificates that are named: by whom servers are vouched for, and who we are to them.
#![allow(clippy::unwrap_used)]

mod certificates;
mod followed;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use certificates::Authority;
use followed::followed;
use stream_events::{ErrorKind, Publisher, Reader};
use support::{Program, Proxy, TestRedis, free_port, scenario, seqs};

const SOON: Duration = Duration::from_secs(30);

/// A server that wants to know who we are, and an authority that has vouched for it and for `client`.
fn mutual() -> (Authority, TestRedis, u16) {
    let authority = Authority::new();
    authority.vouch("client", "worker", 2);
    let port = free_port();
    let server = authority.server(port, &["--tls-auth-clients", "yes"]);
    (authority, server, port)
}

/// The URL with these parameters, each a file of the authority.
fn url(port: u16, authority: &Authority, files: &[(&str, &str)]) -> String {
    let parameter = |(name, file): &(&str, &str)| format!("{name}={}", authority.path(file));
    let parameters: Vec<_> = files.iter().map(parameter).collect();
    format!(
        "rediss://default:s3cret@localhost:{port}/?{}",
        parameters.join("&")
    )
}

const ALL: [(&str, &str); 3] = [
    ("cacert", "ca.pem"),
    ("cert", "client.pem"),
    ("key", "client.key"),
];

/// Why the server cannot be used, without a secret.
async fn refusal(url: &str) -> String {
    let error = Reader::connect(url).unwrap().stream_length("job_001").await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let text = error.to_string();
    assert!(text.starts_with("rediss://localhost:"), "{text}");
    assert!(
        !text.contains("s3cret") && !text.contains("BEGIN"),
        "{text}"
    );
    text
}

/// A job on each kind of connection there is.
async fn works(url: &str) {
    let job_id = format!("job_of_{}", std::process::id());
    let publisher = Publisher::connect(url).unwrap();
    let job = publisher.job(&*job_id, "t").unwrap();
    job.progress("over TLS");
    job.completed(&());
    let report = publisher.flush(SOON).await;
    assert!(report.complete, "{report}");
    let reader = Reader::connect(url).unwrap();
    for watch in [reader.watch(&*job_id), reader.hub().watch(&*job_id)] {
        assert_eq!(followed(watch.unwrap()).await.len(), 3);
    }
    assert_eq!(reader.stream_length(&*job_id).await.unwrap(), 3);
}

#[tokio::test]
async fn who_is_vouched_for_gets_in_as_the_url_or_the_environment_has_it() {
    const NAME: &str = "who_is_vouched_for_gets_in_as_the_url_or_the_environment_has_it";
    if let Some(url) = scenario() {
        return match url.strip_prefix("wrong ") {
            None => works(&url).await,
            // What the URL says counts.
            Some(url) => assert!(
                refusal(url)
                    .await
                    .contains("client.pem (`cacert`) vouches for it")
            ),
        };
    }
    let (authority, _server, port) = mutual();
    works(&url(port, &authority, &ALL)).await;
    let wrong = url(port, &authority, &[("cacert", "client.pem")]);
    for scenario in [url(port, &authority, &[]), format!("wrong {wrong}")] {
        let mut program = Program::again(NAME, &scenario);
        for (name, file) in ALL {
            let name = format!("STREAM_EVENTS_TLS_{}", name.to_uppercase());
            program = program.env(&name, authority.path(file));
        }
        program.run().passed();
    }
}

#[tokio::test]
async fn a_client_that_the_server_does_not_know_is_told_so() {
    let (authority, _server, port) = mutual();
    let unknown = refusal(&url(port, &authority, &ALL[..1])).await;
    let expected = format!("localhost:{port} wants a client certificate, and none is named");
    assert!(unknown.contains(&expected), "{unknown}");
    let stranger = Authority::new();
    stranger.vouch("client", "worker", 2);
    fs::copy(authority.file("ca.pem"), stranger.file("ca.pem")).unwrap();
    authority.vouch("client", "worker", -1);
    for whose in [stranger, authority] {
        let refused = refusal(&url(port, &whose, &ALL)).await;
        let expected = format!(
            "localhost:{port} does not take the certificate of the file {} (`cert`)",
            whose.path("client.pem")
        );
        assert!(refused.contains(&expected), "{refused}");
    }
}

#[tokio::test]
async fn authorities_that_are_named_are_trusted_in_place_of_the_systems() {
    let (authority, _server, port) = mutual();
    let other = Authority::new();
    let refused = refusal(&url(port, &other, &[("cacert", "ca.pem")])).await;
    let expected = format!(
        "the certificate of localhost:{port} is not accepted: no authority in the file {} (`cacert`) vouches",
        other.path("ca.pem")
    );
    assert!(refused.contains(&expected), "{refused}");
    let by_address = url(port, &authority, &ALL).replace("localhost", "127.0.0.1");
    let error = Reader::connect(&by_address)
        .unwrap()
        .stream_length("j")
        .await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("it is for another name ("), "{error}");
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named_and_nothing_of_it_is_shown() {
    let (authority, _server, port) = mutual();
    let encrypt = "-in client.key -passout pass:s3cret -out";
    authority.openssl(&format!("pkcs8 -topk8 {encrypt} new.key"));
    authority.openssl(&format!("ec -aes256 {encrypt} old.key"));
    fs::write(authority.file("empty.pem"), "").unwrap();
    fs::write(
        authority.file("broken.pem"),
        "-----BEGIN CERTIFICATE-----\ns3cret!\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    for (parameter, file, why) in [
        ("cacert", "none.pem", "cannot be read: No such file"),
        ("cacert", "empty.pem", "has no certificate in PEM"),
        ("cert", "broken.pem", "is broken: it has to be PEM"),
        ("cert", "client.key", "has no certificate in PEM"),
        ("key", "client.pem", "has no private key in PEM"),
        (
            "key",
            "new.key",
            "has an encrypted key; it has to be in clear",
        ),
        (
            "key",
            "old.key",
            "has an encrypted key; it has to be in clear",
        ),
        ("key", "server.key", "does not fit the file "),
    ] {
        let files = ALL.map(|(name, usual)| (name, if name == parameter { file } else { usual }));
        let refused = refusal(&url(port, &authority, &files)).await;
        let named = format!("the file {} (`{parameter}`)", authority.path(file));
        assert!(
            refused.contains(&named) && refused.contains(why),
            "{refused}"
        );
    }
}

/// Everything is another one after it.
#[tokio::test]
async fn certificates_are_changed_while_a_publisher_runs() {
    let (authority, mut server, port) = mutual();
    let publisher = Publisher::connect(url(port, &authority, &ALL)).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    assert!(publisher.flush(SOON).await.complete);
    server.kill();
    job.progress("meanwhile");
    authority.renew();
    authority.vouch("server", "localhost", 2);
    authority.vouch("client", "worker", 2);
    server.restart();
    job.completed(&());
    let report = publisher.flush(SOON).await;
    assert!(report.complete, "{report}");
    // What a server without a disk had is sent again.
    assert_eq!(seqs(&server.entries("job_events:job_001")), [0, 1, 2]);
}

#[tokio::test]
async fn who_is_barred_tries_again_without_haste_and_gets_in_once_that_is_mended() {
    let (authority, server, port) = mutual();
    let proxy = Proxy::to_port(port);
    let url = url(proxy.port(), &authority, &ALL);
    fs::rename(authority.file("ca.pem"), authority.file("kept.pem")).unwrap();
    fs::copy(authority.file("client.pem"), authority.file("ca.pem")).unwrap();
    let publisher = Publisher::builder()
        .url(&url)
        .publish_timeout(Duration::from_secs(3));
    let publisher = publisher.connect().unwrap();
    let published = publisher.publish_task_started("job_001", "t", &()).await;
    let error = published.unwrap_err().to_string();
    assert!(
        error.contains("within 3s (the certificate of localhost:"),
        "{error}"
    );
    assert_eq!(proxy.traffic().connections, 1);
    fs::rename(authority.file("kept.pem"), authority.file("ca.pem")).unwrap();
    assert!(publisher.flush(SOON).await.complete);
    assert_eq!(server.entries("job_events:job_001").len(), 1);
}

#[tokio::test]
async fn a_server_without_tls_is_told_from_one_that_is_away() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 16]);
            let _ = stream.write_all(b"-ERR Protocol error: invalid bulk length\r\n");
        }
    });
    let authority = Authority::new();
    let refused = refusal(&url(port, &authority, &ALL[..1])).await;
    let expected = format!("localhost:{port} does not speak TLS");
    assert!(refused.contains(&expected), "{refused}");
}

/// It takes what it is greeted by for a command that goes on.
#[tokio::test]
async fn of_a_real_server_without_tls_the_url_is_said_to_be_wrong() {
    let (authority, redis) = (Authority::new(), TestRedis::start());
    let refused = refusal(&url(redis.port(), &authority, &ALL[..1])).await;
    let expected = "no answer in time, as from a server that speaks no TLS: its URL begins with `redis`, not `rediss`";
    assert!(refused.ends_with(expected), "{refused}");
}

#[tokio::test]
async fn of_a_server_with_tls_a_url_without_is_said_to_be_wrong() {
    let (_authority, _server, port) = mutual();
    let reader = Reader::connect(format!("redis://:s3cret@localhost:{port}/")).unwrap();
    let refused = reader
        .stream_length("job_001")
        .await
        .unwrap_err()
        .to_string();
    let expected = "it ended the connection when it was greeted, as a server does that speaks TLS (rediss://): ";
    assert!(refused.contains(expected), "{refused}");
    assert!(!refused.contains("s3cret"), "{refused}");
}
