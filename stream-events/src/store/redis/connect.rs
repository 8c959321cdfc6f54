//! From a URL to a store.

use std::sync::Arc;

use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisError};

use super::super::Store;
use super::server::Server;
use super::way::Way;

/// The server of this URL; the error says what is wrong with it.
pub(in crate::store) fn open(url: &str, shown: String) -> Result<Arc<dyn Store>, String> {
    #[cfg(feature = "tls")]
    if url.starts_with("rediss:") {
        super::tls::provide_crypto();
    }
    let server = read(url)?;
    let settings = server.redis_settings().clone();
    let (address, way) = (server.addr().clone(), Way { settings });
    Ok(Arc::new(Server::new(address, way, shown)))
}

/// What the URL of one server says.
fn read(url: &str) -> Result<ConnectionInfo, String> {
    let info = url
        .into_connection_info()
        .map_err(|error| refusal(&error))?;
    if let ConnectionAddr::TcpTls { insecure: true, .. } = info.addr() {
        return Err(
            "cannot be used (certificates are always verified: #insecure is not accepted)"
                .to_owned(),
        );
    }
    let client = Client::open(info).map_err(|error| refusal(&error))?;
    Ok(client.get_connection_info().clone())
}

/// Without the value at fault, which may hold a secret.
fn refusal(error: &RedisError) -> String {
    let text = error.to_string();
    let what = text.split(" - ").next().unwrap_or_default();
    format!("cannot be used ({})", what.trim_end_matches([':', ' ']))
}
