//! One direction of a proxy's connection, byte by byte as its rule says.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::rule::{End, Rule, Ruling, Way};
use super::traffic::Count;

pub(crate) struct Pump {
    connection: usize,
    way: Way,
    rulings: watch::Receiver<Ruling>,
    count: Arc<Count>,
    /// Come and not gone on.
    held: Vec<u8>,
    /// Passed since the rule was set.
    passed: usize,
    /// The last bytes that passed, in which a pattern may have begun.
    tail: Vec<u8>,
    /// Whether what is to be held has come.
    is_caught: bool,
    /// Its sender sends no more.
    is_over: bool,
}

/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;
/// How often something drips.
const DRIPS: u32 = 100;

impl Pump {
    pub(crate) fn new(
        connection: usize,
        way: Way,
        rulings: watch::Receiver<Ruling>,
        count: &Arc<Count>,
    ) -> Self {
        Self {
            connection,
            way,
            rulings,
            count: Arc::clone(count),
            held: Vec::new(),
            passed: 0,
            tail: Vec::new(),
            is_caught: false,
            is_over: false,
        }
    }

    /// Until its sender has closed and all has passed on, or a rule ends the whole connection.
    pub(crate) async fn run(
        mut self,
        mut from: ReadHalf<'_>,
        mut to: WriteHalf<'_>,
    ) -> Result<(), End> {
        let mut piece = vec![0; PIECE];
        loop {
            let rule = self.rulings.borrow().of(self.connection);
            if let Rule::Cut(end) = rule {
                return Err(end);
            }
            if rule == Rule::Swallow {
                self.count.held(self.way, self.held.len(), 0);
                self.held.clear();
            }
            let keeps = match &rule {
                Rule::Hold | Rule::Swallow => true,
                Rule::HoldOn(pattern) => self.catches(pattern),
                _ => false,
            };
            if self.is_over && self.held.is_empty() && !keeps || rule == Rule::Close {
                // Whether the receiver is still there does not matter to the other direction.
                let _ = to.shutdown().await;
                return Ok(());
            }
            let reads = !self.is_over && (keeps || self.held.is_empty());
            let writes = !keeps && !self.held.is_empty();
            tokio::select! {
                biased;
                changed = self.rulings.changed() => {
                    if changed.is_err() {
                        return Err(End::Reset);
                    }
                    self.passed = 0;
                    self.tail.clear();
                    self.is_caught = false;
                }
                read = from.read(&mut piece), if reads => self.take(read, &piece),
                wrote = pass(&rule, self.passed, &self.held, &self.tail, &mut to), if writes => {
                    self.gone(&rule, wrote)?;
                }
            }
        }
    }

    fn catches(&mut self, pattern: &[u8]) -> bool {
        if !self.is_caught && has(pattern, &self.tail, &self.held) {
            self.is_caught = true;
            self.count.caught();
        }
        self.is_caught
    }

    fn take(&mut self, read: io::Result<usize>, piece: &[u8]) {
        match read {
            Ok(0) | Err(_) => self.is_over = true,
            Ok(bytes) => {
                let before = self.held.len();
                self.held.extend_from_slice(&piece[..bytes]);
                self.count.held(self.way, before, self.held.len());
            }
        }
    }

    fn gone(&mut self, rule: &Rule, step: Step) -> Result<(), End> {
        match step {
            Step::Wrote(bytes) => {
                let before = self.held.len();
                self.passed += bytes;
                self.tail.extend(self.held.drain(..bytes));
                let kept = match rule {
                    Rule::CutOn(pattern, _) | Rule::HoldOn(pattern) => {
                        pattern.len().saturating_sub(1)
                    }
                    _ => 0,
                };
                self.tail.drain(..self.tail.len().saturating_sub(kept));
                self.count.passed(self.way, bytes);
                self.count.held(self.way, before, self.held.len());
            }
            Step::Inserted => self.rulings.borrow().has_happened(),
            Step::Cut(end) => {
                if matches!(rule, Rule::CutAfter(..)) {
                    self.rulings.borrow().has_happened();
                }
                return Err(end);
            }
            // Nobody takes it any more.
            Step::Failed => return Err(End::Fin),
        }
        Ok(())
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        self.count.held(self.way, self.held.len(), 0);
    }
}

enum Step {
    Wrote(usize),
    Inserted,
    Cut(End),
    Failed,
}

/// Does the next step with what is held. Dropped before it is done, it has done nothing.
async fn pass(
    rule: &Rule,
    passed: usize,
    held: &[u8],
    tail: &[u8],
    to: &mut WriteHalf<'_>,
) -> Step {
    let now = Instant::now();
    let bytes = match rule {
        Rule::Delay(time) => {
            sleep_until(now + *time).await;
            held.len()
        }
        Rule::Drip(rate) => {
            let (bytes, every) = match rate / DRIPS {
                0 => (1, Duration::from_secs(1) / *rate),
                bytes => (bytes as usize, Duration::from_secs(1) / DRIPS),
            };
            sleep_until(now + every).await;
            bytes.min(held.len())
        }
        Rule::CutAfter(bytes, end) => match bytes - passed {
            0 => return Step::Cut(*end),
            left => left.min(held.len()),
        },
        Rule::CutOn(pattern, end) if has(pattern, tail, held) => return Step::Cut(*end),
        Rule::Insert(bytes) => {
            return match to.write_all(bytes).await {
                Ok(()) => Step::Inserted,
                Err(_) => Step::Failed,
            };
        }
        _ => held.len(),
    };
    match to.write(&held[..bytes]).await {
        Ok(bytes) => Step::Wrote(bytes),
        Err(_) => Step::Failed,
    }
}

/// Whether this pattern is in what is held, or begins in what passed before it.
fn has(pattern: &[u8], tail: &[u8], held: &[u8]) -> bool {
    let seen = [tail, held].concat();
    seen.windows(pattern.len()).any(|bytes| bytes == pattern)
}
