//! Who we are to a server that wants to know: a certificate, and the key that it is of.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;

use super::super::super::{Class, Fault};
use super::files::PemFile;

/// Where it is kept.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) certificates: PemFile,
    pub(super) key: PemFile,
}

impl Identity {
    fn read(&self) -> Result<CertifiedKey, String> {
        let (certificates, key) = (self.certificates.certificates()?, self.key.key()?);
        let provider = CryptoProvider::get_default().ok_or("there is no cryptography")?;
        CertifiedKey::from_der(certificates, key, provider).map_err(|error| {
            let Self { certificates, key } = self;
            format!("the key of {key} does not fit {certificates}: {error}")
        })
    }
}

/// What one server is shown, if it asks. A server that does not take it says so when the connection is
/// made for us, and used: so whether it has asked is what a connection that ends then is explained by.
#[derive(Debug)]
pub(in super::super) struct Presented {
    server: String,
    key: Option<Arc<CertifiedKey>>,
    /// Where it comes from.
    file: String,
    is_asked_for: AtomicBool,
}

impl Presented {
    pub(super) fn read(server: &str, identity: Option<&Identity>) -> Result<Self, String> {
        let key = identity.map(Identity::read).transpose()?;
        Ok(Self {
            server: server.to_owned(),
            key: key.map(Arc::new),
            file: identity.map_or_else(String::new, |identity| identity.certificates.to_string()),
            is_asked_for: AtomicBool::new(false),
        })
    }

    /// What a fault means that came before the server has said anything.
    pub(in super::super) fn explain(&self, fault: Fault) -> Fault {
        let is_explained = matches!(fault.class, Class::Connection | Class::Barred);
        if !is_explained || !self.is_asked_for.load(Relaxed) {
            return fault;
        }
        let server = &self.server;
        let why = match self.key {
            Some(_) => format!(
                "{server} does not take the certificate of {}: {fault}",
                self.file
            ),
            None => format!(
                "{server} wants a client certificate, and none is named (by `cert` and `key`): {fault}"
            ),
        };
        Fault::new(Class::Barred, why)
    }
}

impl ResolvesClientCert for Presented {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.is_asked_for.store(true, Relaxed);
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        self.key.is_some()
    }
}
