//! Where a secret may be: three bytes that one of them has, found by three tables in one pass.

/// What may be at a place, a bit each.
pub(super) type Hints = u32;

pub(super) const URL: Hints = 1;
pub(super) const BEARER: Hints = 1 << 1;
pub(super) const BASIC: Hints = 1 << 2;
pub(super) const AWS_OR_GOOGLE: Hints = 1 << 3;
pub(super) const GIT: Hints = 1 << 4;
pub(super) const GITHUB_PAT: Hints = 1 << 5;
pub(super) const SLACK: Hints = 1 << 6;
pub(super) const JWT: Hints = 1 << 7;
pub(super) const STRIPE: Hints = 1 << 8;
pub(super) const AI: Hints = 1 << 9;
pub(super) const HUB: Hints = 1 << 10;
pub(super) const PEM: Hints = 1 << 11;
pub(super) const ASSIGNED: Hints = 1 << 12;
pub(super) const NAMED: Hints = 1 << 13;
pub(super) const SPACED: Hints = 1 << 14;
pub(super) const SPACED_NAMED: Hints = 1 << 15;
pub(super) const PASS: Hints = 1 << 16;
pub(super) const GITLAB: Hints = 1 << 19;
/// The end of a key in JSON, of which those of secrets are some.
pub(super) const KEY: Hints = 1 << 17;
/// No secret, but what any may hide in: an escape of JSON that need not be one.
const ESCAPE: Hints = 1 << 18;

/// The bytes that may stand first, second and third, of each; and which of these are the fewest in other
/// texts.
pub(super) const EACH: [(Hints, [&[u8]; 3], usize); 18] = [
    (URL, [b":", b"/", b"/"], 0),
    (BEARER, [b"Bb", b"Ee", b"Aa"], 0),
    (BASIC, [b"Bb", b"Aa", b"Ss"], 0),
    (AWS_OR_GOOGLE, [b"A", b"KSI", b"Iz"], 0),
    (GIT, [b"h", b"pousr", b"_"], 2),
    (GITLAB, [b"a", b"t", b"-"], 2),
    (GITHUB_PAT, [b"b", b"_", b"p"], 1),
    (SLACK, [b"xp", b"abprs", b"-"], 2),
    (JWT, [b"e", b"y", b"J"], 2),
    (STRIPE, [b"k", b"_", b"lt"], 1),
    (AI, [b"s", b"k", b"-"], 2),
    (HUB, [b"hp", b"fm", b"_"], 2),
    (PEM, [b"-", b"B", b"E"], 0),
    // The ends of `key`, `password`, `token`, `secret`, `signature`, `sig` and `pwd`.
    (ASSIGNED, [b"erwiERWI", b"ydntegYDNTEG", b"="], 2),
    (SPACED, [b" ydntegYDNTEG", b" ", b"="], 2),
    (NAMED, [b"ydntegYDNTEG\"'", b":", b" \\'"], 1),
    (SPACED_NAMED, [b" \"'", b" ", b":"], 2),
    (PASS, [b"sS", b"sS", b"="], 2),
];

/// Places that are looked at together.
const BLOCK: usize = 8;

pub(super) struct Trigrams([[Hints; 256]; 3]);

/// For the text of JSON.
pub(super) static ESCAPED: Trigrams = Trigrams::new()
    .and(KEY, [b"ydntegYDNTEG_-", b"\"", b": \t\r\n"])
    .and(ESCAPE, [b"\\", b"u", b"0123456789abcdefABCDEF"])
    .and(ESCAPE, [b"\\", b"/", &ANY]);
/// For any other text, of which JSON may be a part.
pub(super) static PLAIN: Trigrams = Trigrams::new().and(NAMED, [b"\"", b":", b"\""]);

const ANY: [u8; 256] = {
    let mut any = [0; 256];
    let mut n = 0;
    while n < 256 {
        any[n] = n as u8;
        n += 1;
    }
    any
};

impl Trigrams {
    const fn new() -> Self {
        let (mut trigrams, mut n) = (Self([[0; 256]; 3]), 0);
        while n < EACH.len() {
            trigrams = trigrams.and(EACH[n].0, EACH[n].1);
            n += 1;
        }
        trigrams
    }

    const fn and(mut self, hint: Hints, bytes: [&[u8]; 3]) -> Self {
        let mut place = 0;
        while place < 3 {
            let mut n = 0;
            while n < bytes[place].len() {
                self.0[place][bytes[place][n] as usize] |= hint;
                n += 1;
            }
            place += 1;
        }
        self
    }

    /// The first place from `from` on, and what may be there.
    pub(super) fn next(&self, text: &[u8], from: usize) -> Option<(usize, Hints)> {
        let rest = text.get(from..)?;
        let blocks = rest.windows(BLOCK + 2).step_by(BLOCK);
        let clear = BLOCK * blocks.take_while(|block| self.is_clear(block)).count();
        let mut places = rest[clear..]
            .windows(3)
            .map(|place| self.at([place[0], place[1], place[2]]))
            .enumerate();
        let (n, hints) = places.find(|(_, hints)| *hints != 0)?;
        Some((from + clear + n, hints))
    }

    /// Whether nothing is at any place of a block: all of them with one branch, and, since the length
    /// is known, with none for the bounds.
    fn is_clear(&self, block: &[u8]) -> bool {
        let Ok(block) = <&[u8; BLOCK + 2]>::try_from(block) else {
            return false;
        };
        let mut any = 0;
        for n in 0..BLOCK {
            any |= self.at([block[n], block[n + 1], block[n + 2]]);
        }
        any == 0
    }

    fn at(&self, [first, second, third]: [u8; 3]) -> Hints {
        let [firsts, seconds, thirds] = &self.0;
        firsts[first as usize] & seconds[second as usize] & thirds[third as usize]
    }
}
