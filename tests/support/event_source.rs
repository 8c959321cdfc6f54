//! Server-sent events as a browser reads them.

use std::mem;

/// Reads a body of server-sent events as [the standard has
/// it](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation), in
/// pieces of any size.
#[derive(Debug, Default)]
pub struct EventSource {
    unread: Vec<u8>,
    is_begun: bool,
    data: String,
    name: String,
    /// Of what was dispatched last; a client that comes back sends it.
    pub last_id: String,
    id: String,
    /// Whether a line of this message set the id.
    has_id: bool,
    /// What the server asked for, in ms.
    pub retry: Option<u64>,
    /// Lines that are there for nobody to read.
    pub comments: usize,
}

/// What a page gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `message` where it has none.
    pub name: String,
    /// The text.
    pub data: String,
    /// The id, where it has one of its own.
    pub id: Option<String>,
}

impl EventSource {
    /// The messages that are complete with this piece.
    pub fn feed(&mut self, piece: &[u8]) -> Vec<Message> {
        self.unread.extend_from_slice(piece);
        if !self.is_begun && self.unread.len() >= 3 {
            self.is_begun = true;
            if self.unread.starts_with(b"\xef\xbb\xbf") {
                self.unread.drain(..3);
            }
        }
        let mut messages = Vec::new();
        while let Some(line) = self.line() {
            messages.extend(self.take(&line));
        }
        messages
    }

    /// The next line that is known to be over: behind a CR at the very end, an LF may follow.
    fn line(&mut self) -> Option<String> {
        let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let end = self.unread.iter().position(is_break)?;
        let after = match (self.unread[end], self.unread.get(end + 1)) {
            (b'\r', None) => return None,
            (b'\r', Some(b'\n')) => end + 2,
            _ => end + 1,
        };
        let line = String::from_utf8_lossy(&self.unread[..end]).into_owned();
        self.unread.drain(..after);
        Some(line)
    }

    fn take(&mut self, line: &str) -> Option<Message> {
        if line.is_empty() {
            return self.dispatch();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => self.comments += 1,
            "event" => value.clone_into(&mut self.name),
            "data" => {
                self.data += value;
                self.data.push('\n');
            }
            "id" if !value.contains('\0') => {
                value.clone_into(&mut self.id);
                self.has_id = true;
            }
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.retry = value.parse().ok();
            }
            _ => {}
        }
        None
    }

    fn dispatch(&mut self) -> Option<Message> {
        self.last_id.clone_from(&self.id);
        let (data, name) = (mem::take(&mut self.data), mem::take(&mut self.name));
        let has_id = mem::take(&mut self.has_id);
        let data = data.strip_suffix('\n')?.to_owned();
        let name = Some(name).filter(|name| !name.is_empty());
        Some(Message {
            name: name.unwrap_or_else(|| "message".to_owned()),
            data,
            id: has_id.then(|| self.id.clone()),
        })
    }
}
