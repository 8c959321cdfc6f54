//! What a handshake failed for, in words that tell what is to be mended.

use std::io;

use rustls::{CertificateError, Error};

use super::super::super::{Class, Fault};
use super::files::PemFile;

/// Of a server, where these authorities are trusted; none for the system's.
pub(super) fn of(error: &io::Error, server: &str, authorities: Option<&PemFile>) -> Fault {
    let why = match cause(error) {
        // The network's.
        None => return Fault::new(Class::Connection, error),
        Some(Error::InvalidCertificate(wrong)) => {
            let what = wrong_with(wrong, authorities);
            format!("the certificate of {server} is not accepted: {what}")
        }
        Some(Error::InvalidMessage(_)) => format!("{server} does not speak TLS: {error}"),
        Some(other) => format!("no TLS with {server}: {other}"),
    };
    Fault::new(Class::Barred, why)
}

/// Whether it is the server that ends it.
pub(super) fn is_the_servers(error: &io::Error) -> bool {
    matches!(cause(error), Some(Error::AlertReceived(_)))
}

fn cause(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

fn wrong_with(wrong: &CertificateError, authorities: Option<&PemFile>) -> String {
    use CertificateError as Wrong;
    match wrong {
        Wrong::Expired | Wrong::ExpiredContext { .. } => {
            format!("it has expired, or the clock here is wrong ({wrong})")
        }
        Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => {
            format!("it is not valid yet, or the clock here is wrong ({wrong})")
        }
        // The second is said of one that has the name of ours.
        Wrong::UnknownIssuer | Wrong::BadSignature => match authorities {
            Some(file) => format!("no authority in {file} vouches for it"),
            None => "no authority that this system trusts vouches for it; name yours by `cacert`"
                .to_owned(),
        },
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => {
            format!("it is for another name ({wrong})")
        }
        _ => wrong.to_string(),
    }
}
