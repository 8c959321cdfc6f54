//! What moves the bytes of one connection, in both directions.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncReadExt;
use tokio::sync::{mpsc, oneshot};

use super::super::super::changes::Teller;
use super::super::super::{BoxFuture, Class, Fault};
use super::super::{faults, tracking};
use super::pulse::Pulse;
use super::replies::Replies;
use super::scan::{Found, Scan};
use super::socket::Socket;

/// What the handles say.
pub(super) enum Message {
    Request(Request),
    /// See [`Wire::until`](super::Wire::until).
    #[cfg(feature = "sentinel")]
    Until(BoxFuture<'static, Fault>),
}

impl Message {
    fn into_request(self) -> Option<Request> {
        match self {
            Self::Request(request) => Some(request),
            #[cfg(feature = "sentinel")]
            Self::Until(_) => None,
        }
    }
}

/// Commands, and who waits for their answers.
pub(super) struct Request {
    pub(super) commands: Vec<u8>,
    pub(super) answers: usize,
    pub(super) tell: oneshot::Sender<Result<Replies, Fault>>,
}

/// It is at work as long as there is a handle and nothing is wrong.
pub(super) struct Driver {
    socket: Box<dyn Socket>,
    requests: mpsc::UnboundedReceiver<Message>,
    outgoing: Outgoing,
    /// In the order in which they were asked.
    waiting: VecDeque<Waiting>,
    incoming: Vec<u8>,
    scan: Scan,
    /// Who wants to know which keys change.
    teller: Option<Teller>,
    pulse: Arc<Pulse>,
    /// What ends it before its time.
    until: Option<BoxFuture<'static, Fault>>,
}

/// Requests on their way out, each in the memory that it came in.
#[derive(Default)]
struct Outgoing {
    requests: VecDeque<Vec<u8>>,
    /// Of the first.
    sent: usize,
    is_unflushed: bool,
}

struct Waiting {
    answers: usize,
    got: Vec<u8>,
    tell: oneshot::Sender<Result<Replies, Fault>>,
}

/// How much is read at a time.
const READ: usize = 64 * 1024;
const SMALL: usize = 4 * 1024;

impl Driver {
    pub(super) fn new(
        socket: Box<dyn Socket>,
        requests: mpsc::UnboundedReceiver<Message>,
        teller: Option<Teller>,
        pulse: Arc<Pulse>,
    ) -> Self {
        Self {
            socket,
            requests,
            outgoing: Outgoing::default(),
            waiting: VecDeque::new(),
            incoming: Vec::new(),
            scan: Scan::default(),
            teller,
            pulse,
            until: None,
        }
    }

    pub(super) async fn run(mut self) {
        let end = poll_fn(|context| self.poll(context)).await;
        self.pulse.end();
        let Err(fault) = end else { return };
        self.requests.close();
        let unsent = std::iter::from_fn(|| self.requests.try_recv().ok());
        let unsent = unsent.filter_map(Message::into_request);
        let unsent = unsent.map(|request| request.tell);
        let waiting = self.waiting.into_iter().map(|waiting| waiting.tell);
        for tell in waiting.chain(unsent) {
            // Who does not wait any more need not know.
            let _ = tell.send(Err(fault.clone()));
        }
    }

    /// Moves what can be moved. Ready with the last handle gone, or with what is wrong.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        let is_over = self.take_requests(context);
        if is_over {
            return Poll::Ready(Ok(()));
        }
        if let Some(until) = &mut self.until
            && let Poll::Ready(fault) = until.as_mut().poll(context)
        {
            return Poll::Ready(Err(fault));
        }
        let wrote = self.outgoing.write(&mut *self.socket, context);
        if let Poll::Ready(Err(error)) = wrote {
            return Poll::Ready(Err(Fault::new(Class::Connection, error)));
        }
        self.read(context).map(Err)
    }

    /// Whether nobody is left who could ask. All are taken, however slow the server is: they have their
    /// memory here or there, and that the last handle is gone is heard behind them alone.
    fn take_requests(&mut self, context: &mut Context<'_>) -> bool {
        loop {
            match self.requests.poll_recv(context) {
                Poll::Ready(Some(Message::Request(request))) => self.take(request),
                #[cfg(feature = "sentinel")]
                Poll::Ready(Some(Message::Until(end))) => self.until = Some(end),
                Poll::Ready(None) => return true,
                Poll::Pending => return false,
            }
        }
    }

    fn take(&mut self, request: Request) {
        if request.answers == 0 {
            // Who does not wait any more need not know.
            let _ = request.tell.send(Ok(Replies::new(Vec::new())));
            return;
        }
        self.outgoing.add(request.commands);
        self.waiting.push_back(Waiting {
            answers: request.answers,
            got: Vec::new(),
            tell: request.tell,
        });
    }

    /// Reads all that has come; ready once no more can.
    fn read(&mut self, context: &mut Context<'_>) -> Poll<Fault> {
        loop {
            self.incoming.reserve(READ);
            let read = pin!(self.socket.read_buf(&mut self.incoming)).poll(context);
            match ready!(read) {
                Ok(0) => {
                    let why = "the server has closed the connection";
                    return Poll::Ready(Fault::new(Class::Connection, why));
                }
                // What is said unasked says nothing of what was asked.
                Ok(_) if self.teller.is_none() => self.pulse.heard(),
                Ok(_) => {}
                Err(error) => return Poll::Ready(Fault::new(Class::Connection, error)),
            }
            if let Err(fault) = self.answer() {
                return Poll::Ready(fault);
            }
        }
    }

    /// Passes on what is answered.
    fn answer(&mut self) -> Result<(), Fault> {
        let (mut passed, mut ended) = (0, 0);
        loop {
            let found = self.scan.next(&self.incoming);
            let found = found.map_err(|_| {
                let end = self.incoming.len().min(ended + SHOWN);
                let shown = String::from_utf8_lossy(&self.incoming[ended..end]);
                faults::unexpected(format!("{shown:?}"))
            })?;
            let Some(found) = found else { break };
            if let (Found::Push(end), Some(teller)) = (&found, &self.teller) {
                tracking::tell(&self.incoming[ended..*end], teller);
            }
            let Some(waiting) = self.waiting.front_mut() else {
                if let Found::Push(end) = found {
                    (passed, ended) = (end, end);
                    continue;
                }
                return Err(faults::unexpected("nothing was asked"));
            };
            match found {
                Found::Answer(end) => {
                    ended = end;
                    waiting.answers -= 1;
                    if waiting.answers == 0 {
                        waiting.got.extend_from_slice(&self.incoming[passed..ended]);
                        passed = ended;
                        self.tell_first();
                    }
                }
                // Of no use to who asked.
                Found::Push(end) => {
                    waiting.got.extend_from_slice(&self.incoming[passed..ended]);
                    (passed, ended) = (end, end);
                }
            }
        }
        if let Some(waiting) = self.waiting.front_mut() {
            waiting.got.extend_from_slice(&self.incoming[passed..ended]);
        }
        self.incoming.drain(..ended);
        self.scan.forget(ended);
        if self.incoming.is_empty() {
            // Of a page of giant events.
            self.incoming.shrink_to(4 * READ);
        }
        Ok(())
    }

    fn tell_first(&mut self) {
        if let Some(waiting) = self.waiting.pop_front() {
            self.pulse.answered();
            // Who does not wait any more need not know.
            let _ = waiting.tell.send(Ok(Replies::new(waiting.got)));
        }
    }
}

/// Of what no server says.
const SHOWN: usize = 64;

impl Outgoing {
    fn add(&mut self, request: Vec<u8>) {
        match self.requests.back_mut() {
            // What is small is not worth a system call of its own.
            Some(last) if last.len() + request.len() <= SMALL => last.extend(request),
            _ => self.requests.push_back(request),
        }
    }

    /// Ready once all is out.
    fn write(
        &mut self,
        socket: &mut dyn Socket,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut socket = Pin::new(socket);
        while let Some(first) = self.requests.front() {
            match ready!(socket.as_mut().poll_write(context, &first[self.sent..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => self.sent += sent,
            }
            self.is_unflushed = true;
            if self.sent == first.len() {
                self.sent = 0;
                self.requests.pop_front();
            }
        }
        if self.is_unflushed {
            ready!(socket.poll_flush(context))?;
            self.is_unflushed = false;
        }
        Poll::Ready(Ok(()))
    }
}
