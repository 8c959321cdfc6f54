//! A client that looks for one number in what comes, and for nothing else.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use crate::watchers::{Read, job_id, lock};

pub(super) struct Client(TcpStream);

/// What stands before the time at which an event was written.
const MARK: &[u8] = b"\"at\":";

impl Client {
    /// Asks for a job's stream.
    pub(super) async fn open(port: u16, job: u64) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .unwrap();
        let job = job_id(job);
        let request = format!("GET /jobs/{job}/stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.writable().await.unwrap();
        let written = stream.try_write(request.as_bytes()).unwrap();
        assert_eq!(written, request.len());
        Self(stream)
    }

    /// Until the server ends it.
    pub(super) async fn read(self, read: Arc<Mutex<Read>>, begun: Instant) {
        // Of what has come in part.
        let mut rest = Vec::new();
        loop {
            self.0.readable().await.unwrap();
            let mut bytes = [0; 4096];
            match self.0.try_read(&mut bytes) {
                Ok(0) => return,
                Ok(count) => note(&mut rest, &bytes[..count], &read, begun),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

fn note(rest: &mut Vec<u8>, bytes: &[u8], read: &Mutex<Read>, begun: Instant) {
    rest.extend_from_slice(bytes);
    let mut seen = 0;
    while let Some(at) = find(&rest[seen..]) {
        let number = &rest[seen + at..];
        let Some(end) = number.iter().position(|byte| !byte.is_ascii_digit()) else {
            break;
        };
        let nanos = std::str::from_utf8(&number[..end])
            .unwrap()
            .parse()
            .unwrap();
        lock(read).note(Duration::from_nanos(nanos), begun.elapsed());
        seen += at + end;
    }
    // A frame ends in a line.
    if rest.ends_with(b"\n") {
        *rest = Vec::new();
    } else {
        rest.drain(..seen);
    }
}

/// Where a time begins.
fn find(bytes: &[u8]) -> Option<usize> {
    let at = bytes.windows(MARK.len()).position(|some| some == MARK);
    at.map(|at| at + MARK.len())
}
