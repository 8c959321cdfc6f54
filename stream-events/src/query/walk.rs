//! A walk through JSON that is known to be right: once, forwards, without a look back.

pub(super) struct Walk<'j> {
    json: &'j str,
    at: usize,
}

impl<'j> Walk<'j> {
    pub(super) fn new(json: &'j str) -> Self {
        Self { json, at: 0 }
    }

    /// How many bytes are behind it.
    pub(super) fn bytes(&self) -> usize {
        self.at
    }

    /// The sign that comes next, behind blanks.
    pub(super) fn peek(&mut self) -> Option<u8> {
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        self.at += self.rest().iter().take_while(|byte| is_blank(byte)).count();
        self.rest().first().copied()
    }

    /// Goes over the sign that comes next.
    pub(super) fn step(&mut self) {
        self.at = self.json.len().min(self.at + 1);
    }

    /// The name of the next member of the object in which it stands, as it is written, with the value ahead;
    /// none behind the last, and behind the object.
    pub(super) fn name(&mut self) -> Option<&'j str> {
        if self.peek() == Some(b',') {
            self.step();
        }
        if self.peek() != Some(b'"') {
            self.step();
            return None;
        }
        let name = self.value();
        self.peek();
        self.step();
        Some(name)
    }

    /// Whether a value comes next in the array in which it stands; else it is behind the array.
    pub(super) fn has_element(&mut self) -> bool {
        if self.peek() == Some(b',') {
            self.step();
        }
        let is_over = matches!(self.peek(), None | Some(b']'));
        if is_over {
            self.step();
        }
        !is_over
    }

    /// The value that comes next, as it is written; it stands behind that.
    pub(super) fn value(&mut self) -> &'j str {
        let first = self.peek();
        let begin = self.at;
        match first {
            Some(b'"') => self.string(),
            Some(b'{' | b'[') => self.nest(),
            _ => {
                self.at += 1 + self.until(
                    |byte| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r'),
                    1,
                )
            }
        }
        self.at = self.at.min(self.json.len());
        self.json.get(begin..self.at).unwrap_or_default()
    }

    fn string(&mut self) {
        self.at += 1;
        loop {
            self.at += self.until(|byte| matches!(byte, b'"' | b'\\'), 0);
            match self.rest().first() {
                Some(b'\\') => self.at += 2,
                _ => break,
            }
        }
        self.at += 1;
    }

    /// An object or an array, with all that is in it.
    fn nest(&mut self) {
        let mut depth = 0_usize;
        loop {
            self.at += self.until(|byte| matches!(byte, b'"' | b'{' | b'[' | b'}' | b']'), 0);
            match self.rest().first() {
                Some(b'"') => self.string(),
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.at += 1;
                }
                Some(_) if depth > 1 => {
                    depth -= 1;
                    self.at += 1;
                }
                _ => break,
            }
        }
        self.at += 1;
    }

    /// How many bytes there are before such a one, from so many on.
    fn until(&self, is_such: impl Fn(u8) -> bool, from: usize) -> usize {
        let rest = self.rest().get(from..).unwrap_or_default();
        rest.iter()
            .position(|byte| is_such(*byte))
            .unwrap_or(rest.len())
    }

    fn rest(&self) -> &'j [u8] {
        self.json.as_bytes().get(self.at..).unwrap_or_default()
    }
}
