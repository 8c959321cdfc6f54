//! `rediss://`: a server whose certificate the system's authorities vouch for is used, any other is not.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use stream_events::{ErrorKind, Publisher};
use support::{TestRedis, free_port};
use tempfile::TempDir;

const SOON: Duration = Duration::from_secs(10);

/// Set for the process that is the client: what authorities there are is read from its environment.
const CLIENT: &str = "TLS_TEST_URL";

/// An authority, and the certificate that it gave to a server.
struct Certificates(TempDir);

/// What makes the first certificate an authority's; the second is the server's of a name.
const EXTENSIONS: &str = "[req]\ndistinguished_name = name\nx509_extensions = authority\n[name]\n\
                          [authority]\nbasicConstraints = critical, CA:TRUE\n\
                          [server]\nsubjectAltName = DNS:";

impl Certificates {
    fn new() -> Self {
        Self::of("localhost", 2)
    }

    /// Of a server of this name, for so many days from now on; below none it has run out.
    fn of(name: &str, days: i32) -> Self {
        let certificates = Self(TempDir::new().unwrap());
        let extensions = format!("{EXTENSIONS}{name}\n");
        fs::write(certificates.file("x509.cnf"), extensions).unwrap();
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -config x509.cnf";
        certificates.openssl(&format!(
            "req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=authority -days 2"
        ));
        certificates.openssl(&format!(
            "req -new {key} -keyout server.key -out server.csr -subj /CN={name}"
        ));
        certificates.openssl(&format!(
            "x509 -req -in server.csr -out server.pem -CA ca.pem -CAkey ca.key -CAcreateserial \
             -days {days} -extfile x509.cnf -extensions server",
        ));
        certificates
    }

    fn openssl(&self, arguments: &str) {
        let output = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(&self.0)
            .output()
            .expect("this test needs `openssl` on the PATH: `tests/run` installs it");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {arguments}: {said}");
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// A server that speaks TLS on this port, with a password.
fn server(certificates: &Certificates, port: u16) -> TestRedis {
    let file = |name| certificates.file(name).display().to_string();
    TestRedis::with(&[
        "--tls-port",
        &port.to_string(),
        "--tls-auth-clients",
        "no",
        "--tls-cert-file",
        &file("server.pem"),
        "--tls-key-file",
        &file("server.key"),
        "--tls-ca-cert-file",
        &file("ca.pem"),
        "--requirepass",
        "s3cret",
    ])
}

/// Runs a test of this file again, as the client of a server with the first certificates, who trusts
/// the authority of the second: it passes where that does.
fn client(test: &str, certificates: &Certificates, trusted: &Certificates) {
    let port = free_port();
    let _server = server(certificates, port);
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
        let certificates = Certificates::new();
        return client(name, &certificates, &certificates);
    };
    let publisher = Publisher::connect(url).unwrap();
    let job = publisher.job("job_001", "t").unwrap();
    job.progress("over TLS");
    job.completed(&());
    assert!(publisher.flush(SOON).await.complete);
    let mut watch = publisher.reader().watch("job_001").unwrap();
    let mut items = 0;
    while let Some(item) = watch.next().await {
        item.unwrap();
        items += 1;
    }
    assert_eq!(items, 3);
    assert_eq!(publisher.stream_length("job_001").await.unwrap(), 3);
}

/// Row 21
#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_not_used() {
    let Ok(url) = env::var(CLIENT) else {
        let name = "a_server_that_nobody_vouches_for_is_not_used";
        return client(name, &Certificates::new(), &Certificates::new());
    };
    is_not_used(url, "peer").await;
}

/// Row 21
#[tokio::test]
async fn a_server_whose_certificate_has_run_out_is_not_used() {
    let Ok(url) = env::var(CLIENT) else {
        let name = "a_server_whose_certificate_has_run_out_is_not_used";
        let certificates = Certificates::of("localhost", -1);
        return client(name, &certificates, &certificates);
    };
    is_not_used(url, "expired").await;
}

/// Row 21
#[tokio::test]
async fn a_server_whose_certificate_is_anothers_is_not_used() {
    let Ok(url) = env::var(CLIENT) else {
        let name = "a_server_whose_certificate_is_anothers_is_not_used";
        let certificates = Certificates::of("elsewhere", 2);
        return client(name, &certificates, &certificates);
    };
    is_not_used(url, "not valid for name").await;
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
    assert!(said.contains("certificate") && said.contains(why), "{text}");
    assert!(!format!("{text} {error:?} {publisher:?}").contains("s3cret"));
}
