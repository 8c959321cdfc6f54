//! A query's tokens put together to what it asks.

use super::lexer::{Token, Word, tokens};
use super::mistake::{Wrong, quoted};
use super::term::Term;
use super::tree::Tree;
use super::{DEEPEST, MAX_QUERY, MOST_TERMS};

pub(super) fn parse(text: &str) -> Result<Tree, Wrong> {
    if text.len() > MAX_QUERY {
        let what = format!(
            "it has {} bytes; a query has {MAX_QUERY} at most",
            text.len()
        );
        let mut places = (0..=MAX_QUERY).rev();
        let at = places.find(|at| text.is_char_boundary(*at));
        return Err(Wrong::at(at.unwrap_or(0), what));
    }
    let mut parser = Parser {
        tokens: tokens(text)?.into_iter().peekable(),
        end: text.len(),
        depth: 0,
        terms: 0,
    };
    if parser.tokens.peek().is_none() {
        return Ok(Tree::and(Vec::new()));
    }
    let tree = parser.any()?;
    match parser.tokens.next() {
        Some(token) => Err(Wrong::at(token.at(), "there is no `(` to this `)`")),
        None => Ok(tree),
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    end: usize,
    /// Parentheses and negations around what is read.
    depth: usize,
    terms: usize,
}

impl Parser {
    /// `a or b`
    fn any(&mut self) -> Result<Tree, Wrong> {
        let mut parts = vec![self.all()?];
        while self.takes("or")? {
            parts.push(self.all()?);
        }
        Ok(Tree::or(parts))
    }

    /// `a b`, also as `a and b`
    fn all(&mut self) -> Result<Tree, Wrong> {
        let mut parts = vec![self.one()?];
        loop {
            let is_over = match self.tokens.peek() {
                None | Some(Token::Close(_)) => true,
                Some(Token::Word(word)) => keyword(word)? == Some("or"),
                Some(_) => false,
            };
            if is_over {
                return Ok(Tree::and(parts));
            }
            self.takes("and")?;
            parts.push(self.one()?);
        }
    }

    fn one(&mut self) -> Result<Tree, Wrong> {
        match self.tokens.next() {
            Some(Token::Open(at)) => self.group(at),
            Some(Token::Minus(at)) => {
                let next = self.tokens.peek().map(Token::at);
                if next != Some(at + 1) {
                    let what = "a term is expected right behind `-`, which negates it; a `-` itself is quoted";
                    return Err(Wrong::at(at, what));
                }
                self.negated(at)
            }
            Some(Token::Word(word)) => match keyword(&word)? {
                Some("not") => self.negated(word.at),
                Some(_) => Err(self.missing(Some(Token::Word(word)))),
                None => self.term(&word),
            },
            other => Err(self.missing(other)),
        }
    }

    /// What stands behind a `(`.
    fn group(&mut self, at: usize) -> Result<Tree, Wrong> {
        self.deeper(at)?;
        let tree = self.any()?;
        self.depth -= 1;
        match self.tokens.next() {
            Some(Token::Close(_)) => Ok(tree),
            _ => Err(Wrong::at(at, "this `(` is not closed; a `)` is expected")),
        }
    }

    fn negated(&mut self, at: usize) -> Result<Tree, Wrong> {
        self.deeper(at)?;
        let tree = self.one()?;
        self.depth -= 1;
        Ok(tree.negated())
    }

    fn term(&mut self, word: &Word) -> Result<Tree, Wrong> {
        self.terms += 1;
        if self.terms > MOST_TERMS {
            let what = format!("a query has {MOST_TERMS} terms at most");
            return Err(Wrong::at(word.at, what));
        }
        let (term, is_negated) = Term::of(word)?;
        let tree = Tree::Term(term);
        Ok(if is_negated { tree.negated() } else { tree })
    }

    /// One more parenthesis or negation: so many that no stack is too small for them.
    fn deeper(&mut self, at: usize) -> Result<(), Wrong> {
        self.depth += 1;
        if self.depth > DEEPEST {
            let what = format!("parentheses and negations are {DEEPEST} deep at most");
            return Err(Wrong::at(at, what));
        }
        Ok(())
    }

    /// Whether this word is next, which is taken.
    fn takes(&mut self, keyword: &str) -> Result<bool, Wrong> {
        let is_next = match self.tokens.peek() {
            Some(Token::Word(word)) => self::keyword(word)? == Some(keyword),
            _ => false,
        };
        if is_next {
            self.tokens.next();
        }
        Ok(is_next)
    }

    /// There is no term where one has to be.
    fn missing(&self, found: Option<Token>) -> Wrong {
        let at = found.as_ref().map_or(self.end, Token::at);
        let it_is = match found {
            Some(Token::Word(word)) => {
                let word = word.bare().unwrap_or_default();
                format!("{}; the word itself is quoted", quoted(&word))
            }
            Some(_) => "`)`".to_owned(),
            None => "the end".to_owned(),
        };
        let what = format!("a term such as `type:task_failed` is expected here, and it is {it_is}");
        Wrong::at(at, what)
    }
}

/// A word that hangs terms together.
fn keyword(word: &Word) -> Result<Option<&'static str>, Wrong> {
    // None is longer.
    if word.end - word.at > 3 {
        return Ok(None);
    }
    let Some(bare) = word.bare() else {
        return Ok(None);
    };
    let meant = match bare.as_str() {
        "|" | "||" => "or",
        "&" | "&&" => "and",
        "!" => "not",
        bare => {
            let mut keywords = ["or", "and", "not"].into_iter();
            return Ok(keywords.find(|keyword| bare.eq_ignore_ascii_case(keyword)));
        }
    };
    let what = format!(
        "`{meant}` is expected in place of {}; the sign itself is quoted",
        quoted(&bare)
    );
    Err(Wrong::at(word.at, what))
}
