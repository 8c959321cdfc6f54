//! Sentinels, and the servers that they watch, over TLS.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "others have more of it")]
mod certificates;
mod rows;

use certificates::Authority;
use rows::{emit_rows, flushed, holds};
use stream_events::{ErrorKind, Publisher, Reader};
use support::{MASTER, Sentinel, free_port};

/// Over TLS to sentinels and servers alike, by the names that the sentinels give.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_and_servers_are_reached_over_tls() {
    let authority = Authority::new();
    let [server, seat] = [free_port(), free_port()];
    let redis = authority.server(server, &["--tls-auth-clients", "no"]);
    let tls = [
        format!("tls-port {seat}"),
        format!("tls-cert-file {}", authority.path("server.pem")),
        format!("tls-key-file {}", authority.path("server.key")),
        format!("tls-ca-cert-file {}", authority.path("ca.pem")),
        "tls-auth-clients no".to_owned(),
        "sentinel resolve-hostnames yes".to_owned(),
        "sentinel announce-hostnames yes".to_owned(),
    ];
    let tls: Vec<_> = tls.iter().map(String::as_str).collect();
    let _sentinel = Sentinel::at("localhost", server, &tls);
    let url = format!("rediss+sentinel://localhost:{seat}/{MASTER}");
    let trusted = format!("{url}?cacert={}", authority.path("ca.pem"));
    let publisher = Publisher::connect(trusted).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    emit_rows(&job, 10);
    flushed(&publisher).await;
    holds(&redis, "job_001", 11);
    let error = Reader::connect(&*url)
        .unwrap()
        .stream_length("job_001")
        .await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("cacert"), "{error}");
}
