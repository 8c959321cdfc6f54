//! Jobs over HTTP: a service, and who asks it.

#[path = "http/client.rs"]
pub(crate) mod client;
#[path = "http/service.rs"]
pub(crate) mod service;
