//! A query, which chooses among events or jobs.

mod asked;
mod behind;
mod event;
mod fields;
mod found;
#[cfg(test)]
mod fuzz;
mod job;
mod key;
mod known;
mod lexer;
mod matching;
mod meant;
pub(crate) mod mistake;
mod number;
mod parser;
mod path;
mod pattern;
mod status;
mod term;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod tree;
mod walk;
mod wanted;
mod work;
mod written;

use std::cell::OnceCell;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;

pub(crate) use asked::Asking;
use event::OfEvent;
use job::OfJob;
use matching::Seen;
use tree::Tree;
use wanted::Wanted;
use work::Work;

use crate::error::Repr;
use crate::{Error, Event, JobState};

/// The most bytes that a [`Query`] has.
pub const MAX_QUERY: usize = 4096;
/// Terms of a query.
const MOST_TERMS: usize = 64;
/// Parentheses and negations within each other.
const DEEPEST: usize = 32;

/// What to choose of events or jobs, such as `type:task_failed error:"timed out" after:-1h`.
///
/// The same text does it in a URL, on a command line and here. It is read once; a wrong one is an
/// [`Error`] that says where it is wrong and what was expected there.
///
/// ```
/// use stream_events::{Publisher, Query};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), stream_events::Error> {
/// let publisher = Publisher::connect("memory:")?;
/// # let page = std::collections::BTreeMap::from([("event_type", "page_read"), ("page", "10")]);
/// # publisher.publish_event("job_001", &page).await?;
/// let query: Query = "type:page_* field.page>=10 -field.is_blank:true".parse()?;
/// let mut pages = publisher.reader().history("job_001")?.matching(query);
/// while let Some(event) = pages.next().await {
///     println!("{}", event?);
/// }
///
/// let error = "percent>half".parse::<Query>().unwrap_err();
/// assert_eq!(
///     format!("{error:#}"),
///     "the query is wrong at character 9: a number is expected for `percent`, such as `50`, and it is `half`
///   percent>half
///           ^"
/// );
/// # Ok(())
/// # }
/// ```
///
/// # Grammar
///
/// ```text
/// query    = [ any ]                                 ; nothing asks for everything
/// any      = all { "or" all }
/// all      = one { [ "and" ] one }
/// one      = ( "-" | "not" ) one | "(" any ")" | term
/// term     = key operator value                      ; without blanks in it
///          | value                                   ; words
/// operator = ":" | "=" | "!=" | ">" | ">=" | "<" | "<="
/// key      = "type" | "task" | …                     ; see below
///          | "field" "." name { "." name }
/// name     = bare | quoted | number                  ; a bare one has no "."
/// value    = ( bare | quoted | "*" ) { bare | quoted | "*" }
/// bare     = characters but blanks, quotes, parentheses and "*"
/// quoted   = '"' { character | "\\" ( '"' | "\\" | "n" | "r" | "t" | "u{" hex "}" ) } '"'
/// ```
///
/// `or`, `and` and `not` may be capitals. `or` binds least: `a b or c` is `(a b) or c`. Words that begin with
/// `-`, and those with one of the operators in them, are quoted, as are blanks: `"std::io"`.
///
/// A query has [`MAX_QUERY`] bytes, 64 terms, and 32 parentheses and negations within each other at
/// most.
///
/// # Operators
///
/// - `:` is for people. Case does not count, and a bare `*` is any text, also none. A name is looked at as a
///   whole, a text is searched. `key:*` is that there is one.
/// - `=` is for programs: the text is this, with its case and its stars.
/// - `!=` is the negation of `=`, as `-` is that of any term. A negated term also holds where there is nothing
///   to look at: `-worker:w1` holds for what names no worker.
/// - `>`, `>=`, `<` and `<=` compare numbers, lengths of time and points in time, and in `field.…` texts too, by
///   their code points.
///
/// Numbers are compared digit by digit, whatever their size: none is rounded. A length of time is `90s`,
/// `1h30m` or `250ms` (d, h, m, s, ms). A point in time is `2026-11-23T20:23:45.5+00:00`, a date with or without
/// a time, which are UTC, or a length of time before now, `-1h`. Now is when the query was read, or what
/// [`at`](Self::at) says.
///
/// # Keys
///
/// | key | said behind it | of an event | of a job |
/// |---|---|---|---|
/// | (words) | text | its type, `progress`, `message` and `error`; where `data` is no JSON object, `data` | its message, error and task type |
/// | `type` | name | its type | |
/// | `task` | name | `task_type` | the same |
/// | `job` | name | `job_id` | the same |
/// | `run`, `worker`, `step` | name | the member of that name | the newest |
/// | `parent` | name | `parent_job_id` | the same |
/// | `status` | `unknown` `running` `retrying` `completed` `failed` | what it says of its job by itself | how it stands |
/// | `kind` | name | `error_kind` | the same |
/// | `error` | text | `error` | the same |
/// | `progress`, `message` | text | the member of that name | its newest message |
/// | `attempt`, `percent`, `current`, `total`, `rate` | number | the member of that name | the newest |
/// | `seq` | number | `seq` | |
/// | `duration`, `eta` | length of time | `duration_ms`, `eta_ms` | the same |
/// | `elapsed` | length of time | `elapsed_ms` | |
/// | `after`, `before` | point in time | when it happened | when its newest event did |
/// | `started`, `ended` | point in time | | when it did |
/// | `field.a.b` | anything | the member `b` of the member `a` of `data` | the same of `result`, as `field.result.…` |
///
/// A cell that is empty is nothing to look at: of jobs, `type:task_failed` finds none, and `status:failed` does.
/// `percent` of an event is what it says, and of a job also what `current` and `total` come to. `after` has the time that it names, and `before` has not.
/// `after` and `before` take `:` alone, `started` and `ended` `>`, `>=`, `<` and `<=`, names, texts and `status`
/// `:`, `=` and `!=`.
///
/// Behind `field.…`, a bare number, `true`, `false` or `null` is that value of JSON, and the text too; quoted it is
/// the text alone. A pattern with a `*` is also for numbers as they are written. Of an array, any element does, also
/// on the way (`field.chapters.title:intro*`), and a number takes one, from 0 (`field.chapters.0.title`). Of arrays
/// within each other, 8 are looked into on the way to a value. Of a repeated name the last counts. A name with other
/// characters than letters, digits, `_` and `-` is quoted: `field."user name".id`.
#[derive(Clone)]
pub struct Query {
    tree: Arc<Tree>,
    wanted: Arc<Wanted>,
    /// What relative times count back from.
    now: SystemTime,
}

impl Query {
    /// Has relative times, such as `-1h`, count back from this, and not from when the query was read.
    #[must_use]
    pub fn at(self, now: SystemTime) -> Self {
        Self { now, ..self }
    }

    /// Whether the event is what the query asks for.
    ///
    /// The event is gone through a few times, however many terms ask for something in it; each of its texts is
    /// searched once for each term that searches it, and each value compared once with each that is about it.
    #[must_use]
    pub fn matches(&self, event: &Event) -> bool {
        self.weigh(event, &Work::default())
    }

    fn weigh(&self, event: &Event, work: &Work) -> bool {
        let data = OnceCell::new();
        let event = OfEvent::new(event, &self.wanted, work, &data);
        let event = Seen::new(event, &self.wanted, self.now, work);
        self.tree.holds(&|term| event.is(term))
    }

    /// Whether the job, as it stands, is what the query asks for. What a job does not have is nothing to
    /// look at: of `type`, `seq`, `elapsed` and any `field.…` but `field.result`, only a negation holds.
    ///
    /// ```
    /// use stream_events::{JobState, Query, Status};
    ///
    /// let mut job = JobState::new("job_001");
    /// job.status = Status::Running;
    /// job.percent = Some(62.5);
    /// let query: Query = "job:job_* status:running percent>=50".parse()?;
    /// assert!(query.matches_job(&job));
    /// # Ok::<(), stream_events::Error>(())
    /// ```
    #[must_use]
    pub fn matches_job(&self, job: &JobState) -> bool {
        let work = Work::default();
        let job = Seen::new(OfJob(job), &self.wanted, self.now, &work);
        self.tree.holds(&|term| job.is(term))
    }

    fn new(mut tree: Tree) -> Self {
        tree.number(&mut 0);
        Self {
            wanted: Wanted::of(&tree).into(),
            tree: tree.into(),
            now: SystemTime::now(),
        }
    }
}

/// Asks nothing: everything is what it asks for.
impl Default for Query {
    fn default() -> Self {
        Self::new(Tree::and(Vec::new()))
    }
}

impl FromStr for Query {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |wrong: mistake::Wrong| Repr::Query(wrong.of(text));
        Ok(Self::new(parser::parse(text).map_err(wrong)?))
    }
}

/// So that a text serves wherever a query does.
impl TryFrom<&str> for Query {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self, Error> {
        text.parse()
    }
}

/// They ask the same; when they were read does not count.
impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.tree == other.tree
    }
}

impl Eq for Query {}

/// On one line, in its one form, which is read back to the same query.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.tree, f)
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Query({self})")
    }
}
