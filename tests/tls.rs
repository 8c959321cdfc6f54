//! `rediss://`: a server whose certificate the system's authorities vouch for is used, any other is not.
#![allow(clippy::unwrap_used)]

mod certificates;
mod followed;

use std::env;
use std::process::Command;
use std::time::Duration;

use certificates::Authority;
use followed::followed;
use stream_events::{ErrorKind, Publisher};
use support::free_port;

const SOON: Duration = Duration::from_secs(30);

/// Set for the process that is the client: what authorities there are is read from its environment.
const CLIENT: &str = "TLS_TEST_URL";

/// Without certificates of clients, and with a password.
const ARGUMENTS: [&str; 4] = ["--tls-auth-clients", "no", "--requirepass", "s3cret"];

/// Runs a test of this file again, as the client of a server with the first certificates, who trusts
/// the authority of the second: it passes where that does.
fn client(test: &str, certificates: &Authority, trusted: &Authority) {
    let port = free_port();
    let _server = certificates.server(port, &ARGUMENTS);
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", test])
        .env(CLIENT, format!("rediss://:s3cret@localhost:{port}/"))
        .env("SSL_CERT_FILE", trusted.file("ca.pem"))
        .env_remove("SSL_CERT_DIR")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

#[tokio::test]
async fn a_server_that_an_authority_vouches_for_is_used() {
    let Ok(url) = env::var(CLIENT) else {
        let name = "a_server_that_an_authority_vouches_for_is_used";
        let certificates = Authority::new();
        return client(name, &certificates, &certificates);
    };
    let publisher = Publisher::connect(url).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    job.progress("over TLS");
    job.completed(&());
    assert!(publisher.flush(SOON).await.complete);
    let watch = publisher.reader().watch("job_001").unwrap();
    assert_eq!(followed(watch).await.len(), 3);
    assert_eq!(publisher.stream_length("job_001").await.unwrap(), 3);
}

/// Row 21
#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_not_used() {
    let Ok(url) = env::var(CLIENT) else {
        let name = "a_server_that_nobody_vouches_for_is_not_used";
        return client(name, &Authority::new(), &Authority::new());
    };
    is_not_used(url, "no authority that this system trusts vouches for it").await;
}

/// Row 21
#[tokio::test]
async fn a_server_whose_certificate_has_run_out_is_not_used() {
    let Ok(url) = env::var(CLIENT) else {
        let name = "a_server_whose_certificate_has_run_out_is_not_used";
        let certificates = Authority::of("localhost", -1);
        return client(name, &certificates, &certificates);
    };
    is_not_used(url, "it has expired").await;
}

/// Row 21
#[tokio::test]
async fn a_server_whose_certificate_is_anothers_is_not_used() {
    let Ok(url) = env::var(CLIENT) else {
        let name = "a_server_whose_certificate_is_anothers_is_not_used";
        let certificates = Authority::of("elsewhere", 2);
        return client(name, &certificates, &certificates);
    };
    is_not_used(url, "it is for another name").await;
}

/// It is tried again and again, for as long as events wait, and is said to be away for this reason.
async fn is_not_used(url: String, why: &str) {
    let shown = url.replace(":s3cret@", "").trim_end_matches('/').to_owned();
    let publisher = Publisher::builder()
        .url(url)
        .publish_timeout(Duration::from_millis(500))
        .connect()
        .unwrap();
    let published = publisher.publish_task_started("job_001", "t", &()).await;
    let error = published.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let text = error.to_string();
    assert!(
        text.starts_with(&shown) && text.contains("task_started"),
        "{text}"
    );

    let error = publisher.stream_length("job_001").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("{shown}/ cannot be reached: ")),
        "{text}"
    );
    let said = text.to_lowercase();
    assert!(
        said.contains("the certificate of localhost:") && said.contains(why),
        "{text}"
    );
    assert!(!format!("{text} {error:?} {publisher:?}").contains("s3cret"));
}
