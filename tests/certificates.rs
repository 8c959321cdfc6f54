//! Authorities, those for whom they vouch, and a server that speaks TLS.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use support::TestRedis;
use tempfile::TempDir;

/// An authority, and what it has given to others: `<name>.pem`, with `<name>.key`.
pub(crate) struct Authority(TempDir);

/// What makes the first certificate an authority's; the second is the server's of a name.
const EXTENSIONS: &str = "[req]\ndistinguished_name = name\nx509_extensions = authority\n[name]\n\
                          [authority]\nbasicConstraints = critical, CA:TRUE\n\
                          [server]\nsubjectAltName = DNS:";
const NEW_KEY: &str =
    "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -config x509.cnf -keyout";

impl Authority {
    /// One that vouches for `localhost`, as `server`.
    pub(crate) fn new() -> Self {
        Self::of("localhost", 2)
    }

    /// The same for a server of this name, for so many days from now on; below none it has run out.
    pub(crate) fn of(name: &str, days: i32) -> Self {
        let authority = Self(TempDir::new().unwrap());
        authority.renew();
        authority.vouch("server", name, days);
        authority
    }

    /// Makes it another authority.
    pub(crate) fn renew(&self) {
        fs::write(self.file("x509.cnf"), EXTENSIONS).unwrap();
        self.openssl(&format!(
            "req -x509 {NEW_KEY} ca.key -out ca.pem -subj /CN=authority -days 2"
        ));
    }

    /// Has it vouch for this host in these files, whatever they were before.
    pub(crate) fn vouch(&self, files: &str, name: &str, days: i32) {
        fs::write(self.file("x509.cnf"), format!("{EXTENSIONS}{name}\n")).unwrap();
        self.openssl(&format!(
            "req -new {NEW_KEY} {files}.key -out {files}.csr -subj /CN={name}"
        ));
        self.openssl(&format!(
            "x509 -req -in {files}.csr -out {files}.pem -CA ca.pem -CAkey ca.key -CAcreateserial \
             -days {days} -extfile x509.cnf -extensions server",
        ));
    }

    pub(crate) fn openssl(&self, arguments: &str) {
        let output = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(&self.0)
            .output()
            .expect("this test needs `openssl` on the PATH: `tests/run` installs it");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {arguments}: {said}");
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.file(name).display().to_string()
    }

    /// A server that it vouches for, and which trusts it, on this port with TLS.
    pub(crate) fn server(&self, port: u16, arguments: &[&str]) -> TestRedis {
        let port = port.to_string();
        let [certificate, key, authority] =
            ["server.pem", "server.key", "ca.pem"].map(|file| self.path(file));
        let tls = [
            "--tls-port",
            &port,
            "--tls-cert-file",
            &certificate,
            "--tls-key-file",
            &key,
            "--tls-ca-cert-file",
            &authority,
        ];
        TestRedis::with(&[&tls, arguments].concat())
    }
}
