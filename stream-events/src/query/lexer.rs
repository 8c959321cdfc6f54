//! A query's text taken apart: parentheses, minus signs, and words with what is quoted in them.

use super::mistake::{Wrong, quoted};

/// What a query is made of.
#[derive(Debug)]
pub(super) enum Token {
    Open(usize),
    Close(usize),
    Minus(usize),
    Word(Word),
}

/// Up to the next blank or parenthesis, such as `field."user name".id>=7`.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) chars: Vec<Char>,
    /// Where quotes begin.
    pub(super) quotes: Vec<usize>,
    pub(super) at: usize,
    pub(super) end: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Char {
    pub(super) c: char,
    pub(super) at: usize,
    /// Whether it stands for itself, whatever it is.
    pub(super) is_quoted: bool,
}

impl Char {
    /// Whether it is this sign, and means it.
    pub(super) fn is(&self, sign: char) -> bool {
        self.c == sign && !self.is_quoted
    }
}

impl Token {
    pub(super) fn at(&self) -> usize {
        match self {
            Self::Open(at) | Self::Close(at) | Self::Minus(at) => *at,
            Self::Word(word) => word.at,
        }
    }
}

impl Word {
    /// The whole, unless a part of it is quoted.
    pub(super) fn bare(&self) -> Option<String> {
        let is_bare = self.quotes.is_empty();
        is_bare.then(|| self.chars.iter().map(|char| char.c).collect())
    }
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Wrong> {
    let mut rest = Rest { text, at: 0 };
    let mut tokens = Vec::new();
    while let Some(c) = rest.peek() {
        let at = rest.at;
        match c {
            c if c.is_whitespace() => drop(rest.next()),
            '(' | ')' | '-' => {
                rest.next();
                tokens.push(match c {
                    '(' => Token::Open(at),
                    ')' => Token::Close(at),
                    _ => Token::Minus(at),
                });
            }
            _ => tokens.push(Token::Word(rest.word()?)),
        }
    }
    Ok(tokens)
}

struct Rest<'q> {
    text: &'q str,
    at: usize,
}

impl Rest<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn word(&mut self) -> Result<Word, Wrong> {
        let mut word = Word {
            chars: Vec::new(),
            quotes: Vec::new(),
            at: self.at,
            end: self.at,
        };
        while let Some(c) = self.peek() {
            let at = self.at;
            match c {
                '"' => {
                    word.quotes.push(at);
                    self.quoted(&mut word.chars)?;
                }
                c if c.is_whitespace() || matches!(c, '(' | ')') => break,
                c => {
                    self.next();
                    let is_quoted = false;
                    word.chars.push(Char { c, at, is_quoted });
                }
            }
        }
        word.end = self.at;
        Ok(word)
    }

    /// What stands between two `"`.
    fn quoted(&mut self, chars: &mut Vec<Char>) -> Result<(), Wrong> {
        let opened = self.at;
        self.next();
        loop {
            let at = self.at;
            let c = match self.next() {
                Some('"') => return Ok(()),
                Some('\\') => self.escaped(at)?,
                Some(c) => c,
                None => {
                    let what = "this quote is not closed; a second `\"` is expected";
                    return Err(Wrong::at(opened, what));
                }
            };
            let is_quoted = true;
            chars.push(Char { c, at, is_quoted });
        }
    }

    /// What stands behind a `\`.
    fn escaped(&mut self, at: usize) -> Result<char, Wrong> {
        match self.next() {
            Some(c @ ('"' | '\\')) => Ok(c),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('u') => self.code_point(at),
            other => {
                let found = other.map_or_else(
                    || "the end".to_owned(),
                    |c| quoted(c.encode_utf8(&mut [0; 4])),
                );
                let what = format!(
                    "behind `\\` in quotes, `\"`, `\\`, `n`, `r`, `t` or `u{{…}}` is expected, and it is {found}; a `\\` itself is `\\\\`"
                );
                Err(Wrong::at(at, what))
            }
        }
    }

    /// `{1f600}`
    fn code_point(&mut self, at: usize) -> Result<char, Wrong> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let digits = rest
            .strip_prefix('{')
            .and_then(|rest| rest.split_once('}'))
            .map(|(digits, _)| digits)
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let c = digits.and_then(|digits| {
            let c = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            self.at += digits.len() + 2;
            Some(c)
        });
        c.ok_or_else(|| {
            let what = "the number of a character is expected behind `\\u`, such as `\\u{e9}`";
            Wrong::at(at, what)
        })
    }
}
