//! Certificates and keys in files. What is wrong with one is told by its name, never by what is in it.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A file in PEM, and what it was named by.
#[derive(Debug, Clone)]
pub(super) struct PemFile {
    parameter: &'static str,
    path: PathBuf,
}

impl PemFile {
    pub(super) fn new(parameter: &'static str, path: PathBuf) -> Self {
        Self { parameter, path }
    }

    /// All certificates of it: one at least.
    pub(super) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, String> {
        let pem = self.read()?;
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        match certificates {
            Ok(certificates) if !certificates.is_empty() => Ok(certificates),
            Ok(_) => Err(format!("{self} has no certificate in PEM")),
            Err(_) => Err(format!("{self} is broken: it has to be PEM")),
        }
    }

    /// The first private key of it.
    pub(super) fn key(&self) -> Result<PrivateKeyDer<'static>, String> {
        let pem = self.read()?;
        // Both kinds that there are say so, one in its first line and one in its second.
        if pem.windows(ENCRYPTED.len()).any(|there| there == ENCRYPTED) {
            return Err(format!(
                "{self} has an encrypted key; it has to be in clear, in a file that nobody else may read"
            ));
        }
        PrivateKeyDer::from_pem_slice(&pem).map_err(|_| format!("{self} has no private key in PEM"))
    }

    fn read(&self) -> Result<Vec<u8>, String> {
        let mut pem = Vec::new();
        let read =
            File::open(&self.path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut pem));
        match read {
            Ok(_) if pem.len() as u64 > LONGEST => {
                Err(format!("{self} has more than {LONGEST} bytes"))
            }
            Ok(_) => Ok(pem),
            Err(error) => Err(format!("{self} cannot be read: {error}")),
        }
    }
}

impl fmt::Display for PemFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the file {} (`{}`)", self.path.display(), self.parameter)
    }
}

const ENCRYPTED: &[u8] = b"ENCRYPTED";
/// Bytes. All authorities that a system trusts have a tenth of it.
const LONGEST: u64 = 4 * 1024 * 1024;
