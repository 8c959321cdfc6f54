//! The way to a server that speaks TLS: its certificate has to be one that an authority vouches for, for
//! the name by which we know the server. There is no way to have that left out.

mod files;
mod identity;
mod refusal;

use std::env;
use std::path::PathBuf;
use std::sync::Arc;

use redis::ConnectionAddr;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::form_urlencoded;

use super::super::{Class, Fault};
use files::PemFile;
use identity::Identity;
pub(super) use identity::Presented;

/// Which authorities are trusted, and who we are. Files are read at each connection: what is in them, and
/// whom the system trusts, may change while a process runs.
#[derive(Debug, Clone, Default)]
pub(super) struct Tls {
    /// None for the system's.
    authorities: Option<PemFile>,
    identity: Option<Identity>,
}

/// What can be set by a URL's parameter, or else by a variable of the environment.
const CACERT: [&str; 2] = ["cacert", "STREAM_EVENTS_TLS_CACERT"];
const CERT: [&str; 2] = ["cert", "STREAM_EVENTS_TLS_CERT"];
const KEY: [&str; 2] = ["key", "STREAM_EVENTS_TLS_KEY"];

impl Tls {
    /// As the parameters of a URL have it, and where they say nothing, the environment. The address is a
    /// server's of that URL.
    pub(super) fn set(url: &str, address: &ConnectionAddr) -> Result<Self, String> {
        let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
        let parameters = parameters.split('#').next().unwrap_or_default();
        if matches!(address, ConnectionAddr::TcpTls { .. }) {
            return Self::set_by(|name, variable| {
                parameter(parameters, name).or_else(|| env::var(variable).ok())
            });
        }
        Ok(Self::default())
    }

    fn set_by(value: impl Fn(&str, &str) -> Option<String>) -> Result<Self, String> {
        let file = |[name, variable]: [&'static str; 2]| {
            let path = value(name, variable).filter(|path| !path.is_empty())?;
            Some(PemFile::new(name, PathBuf::from(path)))
        };
        let identity = match (file(CERT), file(KEY)) {
            (Some(certificates), Some(key)) => Some(Identity { certificates, key }),
            (None, None) => None,
            (Some(_), None) => return Err(lacks(CERT, KEY)),
            (None, Some(_)) => return Err(lacks(KEY, CERT)),
        };
        Ok(Self {
            authorities: file(CACERT),
            identity,
        })
    }

    /// What goes over the wire from here on is seen by nobody but the server of this name.
    pub(super) async fn over(
        &self,
        plain: TcpStream,
        host: &str,
        port: u16,
    ) -> Result<(TlsStream<TcpStream>, Arc<Presented>), Fault> {
        let server = format!("{host}:{port}");
        let barred = |why: String| Fault::new(Class::Barred, why);
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| barred(format!("no certificate can be for the name `{host}`")))?;
        let roots = self.roots().map_err(barred)?;
        let presented = Presented::read(&server, self.identity.as_ref()).map_err(barred)?;
        let presented = Arc::new(presented);
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_client_cert_resolver(Arc::clone(&presented) as _);
        let connector = TlsConnector::from(Arc::new(config));
        match connector.connect(name, plain).await {
            Ok(stream) => Ok((stream, presented)),
            Err(error) => {
                let fault = refusal::of(&error, &server, self.authorities.as_ref());
                Err(match refusal::is_the_servers(&error) {
                    true => presented.explain(fault),
                    false => fault,
                })
            }
        }
    }

    fn roots(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        match &self.authorities {
            Some(file) => {
                for certificate in file.certificates()? {
                    let added = roots.add(certificate);
                    added.map_err(|error| {
                        format!("{file} has no certificate of an authority: {error}")
                    })?;
                }
            }
            None => {
                let found = rustls_native_certs::load_native_certs();
                // One that cannot be used is no reason to trust none of the others.
                let (usable, _) = roots.add_parsable_certificates(found.certs);
                if usable == 0 {
                    let why = found.errors.first().map(|error| format!(": {error}"));
                    return Err(format!(
                        "this system trusts no authority{}; name one by `cacert`",
                        why.unwrap_or_default()
                    ));
                }
            }
        }
        Ok(roots)
    }
}

fn parameter(parameters: &str, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(parameters.as_bytes());
    let (_, value) = pairs.find(|(key, _)| key == name)?;
    Some(value.into_owned())
}

fn lacks([name, variable]: [&str; 2], [other, other_variable]: [&str; 2]) -> String {
    format!(
        "cannot be used (`{name}`, or {variable}, is of no use without `{other}`, or {other_variable})"
    )
}

/// rustls has no cryptography of its own: without this, the first connection of a process that
/// installed none fails.
pub(super) fn provide_crypto() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error says that another thread has just done it.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}
