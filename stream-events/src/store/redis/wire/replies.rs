//! The answers to one request.

use std::sync::Arc;

use redis::Value;

use super::super::super::Fault;
use super::super::{faults, reply};
use super::scan::{Found, Scan};

/// Whole answers, one behind the other, as they came.
pub(in super::super) struct Replies {
    bytes: Vec<u8>,
    scan: Scan,
    at: usize,
}

impl Replies {
    pub(in super::super) fn new(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            scan: Scan::default(),
            at: 0,
        }
    }

    /// What has not been taken yet.
    pub(in super::super) fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    /// All of it, where nothing was taken yet.
    pub(in super::super) fn into_page(self) -> Arc<Vec<u8>> {
        Arc::new(self.bytes)
    }

    /// Takes so many bytes, which are whole answers.
    pub(in super::super) fn pass(&mut self, bytes: usize) {
        self.at += bytes;
        self.scan = Scan::at(self.at);
    }

    /// The next answer as it came.
    pub(in super::super) fn take_raw(&mut self) -> Result<&[u8], Fault> {
        match self.scan.next(&self.bytes) {
            Ok(Some(Found::Answer(end))) => {
                let raw = &self.bytes[self.at..end];
                self.at = end;
                Ok(raw)
            }
            _ => Err(faults::unexpected("fewer answers than commands")),
        }
    }

    /// The next answer, an error of the server's included.
    pub(in super::super) fn take(&mut self) -> Result<Value, Fault> {
        redis::parse_redis_value(self.take_raw()?).map_err(|error| faults::of_client(&error))
    }

    /// The only answer, or the fault that it is.
    pub(in super::super) fn only(mut self) -> Result<Value, Fault> {
        reply::checked(self.take()?)
    }
}
