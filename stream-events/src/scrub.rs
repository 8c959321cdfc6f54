//! What is taken out of every text before it is queued: what looks like a secret, and what the user's
//! own hooks take out.

mod assigned;
mod header;
mod hooks;
mod json;
mod member;
mod secrets;
mod telling;
#[cfg(test)]
mod tests;
mod token;
mod trigrams;
mod url;

use std::borrow::Cow;
use std::fmt;

use hooks::Hooks;
use secrets::Secrets;
pub(crate) use telling::Telling;
use trigrams::{ESCAPED, KEY};

use crate::redacted::REDACTED;

/// What is taken out of the texts of events before they are queued, so that it reaches neither the
/// store nor the spool; set by [`Builder::scrub`](crate::Builder::scrub).
///
/// By default, what looks like a secret becomes `[redacted]`:
///
/// - user and password in a URL: `redis://user:password@host`, `unix:///socket?pass=password`;
/// - what follows `Bearer` or `Basic`, signed tokens (JWT), private keys in PEM;
/// - keys and tokens of AWS, Google, GitHub, GitLab, Slack, Stripe, OpenAI, Anthropic, Hugging Face and
///   npm, which tell by how they begin what they are;
/// - what is named `password`, `pwd`, `secret`, `token`, `signature` or some kind of key, as in
///   `?api_key=…`, in a connection string with `AccountKey=…`, or in `Config { password: "…" }`;
/// - strings that are fields or members of such a name, at any depth, as serde writes a struct with a
///   `password`, and those named `authorization`. A field called just `token` is left where it may be
///   a word, as a language model's are.
///
/// Of most names, what is shorter than 8 bytes is left. Where such a name holds what all may see,
/// another name for it, such as `cursor` for a `next_token`, or [`none`](Self::none) leaves it.
///
/// It is a net below the rope, and does not see: a secret that looks like any other word and has no such
/// name, one that is a number, and what is in a list or an object by such a name, as in
/// `{"password": ["…"]}`. [`Redacted`](crate::Redacted) holds what is known to be secret.
///
/// All strings of an event are looked at, the nested ones, the names of its fields and the keys of maps
/// too, but not the job's id, its task type, and the event's. What other layers log of `progress!` and of
/// the job's own lines is not ours to see.
///
/// It costs the caller about half a nanosecond for each byte, and about two in texts with URLs or what
/// else may be a secret.
///
/// ```
/// use stream_events::Scrub;
///
/// let scrub = Scrub::default().and(|text| text.contains("patient").then(|| "[a name]".to_owned()));
/// assert_eq!(scrub.text("cannot reach redis://app:s3cret@db"), "cannot reach redis://[redacted]@db");
/// assert_eq!(scrub.text("patient 17"), "[a name]");
/// ```
#[derive(Clone)]
pub struct Scrub {
    has_patterns: bool,
    hooks: Hooks,
}

impl Default for Scrub {
    /// What looks like a secret is taken out.
    fn default() -> Self {
        Self {
            has_patterns: true,
            hooks: Hooks::default(),
        }
    }
}

impl Scrub {
    /// Nothing is taken out, but what hooks take out that are added to it.
    #[must_use]
    pub fn none() -> Self {
        Self {
            has_patterns: false,
            hooks: Hooks::default(),
        }
    }

    /// Asks this too, of each string, behind what is there already: it returns what is to stand in
    /// the string's place, or none to leave it.
    ///
    /// It is called for every string of every event, the names of fields too, on the thread that emits it,
    /// or that drops the run's last handle. So it should be quick, and must not wait for what a job holds.
    /// One that panics does not harm the job; the string is then replaced as a whole, as are the strings of
    /// events that are emitted within a hook.
    #[must_use]
    pub fn and(mut self, hook: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.hooks.add(hook);
        self
    }

    /// What is left of a text, as an event would have it.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.replaced(text, false)
            .map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// Whether texts are shown to hooks, whatever they look like.
    pub(crate) fn has_hooks(&self) -> bool {
        !self.hooks.are_none()
    }

    /// Whether there may be something to take out of JSON.
    pub(crate) fn may_change(&self, json: &[u8]) -> bool {
        self.has_hooks() || (self.has_patterns && may_hold_secrets(json))
    }

    /// The JSON of a value by this name without what is to be taken out, where that is any. Where the
    /// text ends within a string, it went on.
    pub(crate) fn value(&self, name: &[u8], json: &[u8]) -> Option<Vec<u8>> {
        json::scrubbed(name, json, |string| {
            if self.has_patterns && member::is_secret(string) {
                let hooked = self.hooks.replaced(REDACTED);
                return hooked.or_else(|| Some(REDACTED.to_owned()));
            }
            let may_change = string.is_cut || self.may_change(string.inside);
            let text = may_change.then(|| string.text())?;
            match text {
                Some(text) => self.replaced(&text, string.is_cut),
                // Half of a surrogate pair, say, which a value that brings its own JSON may have.
                None => Some(UNREADABLE.to_owned()),
            }
        })
    }

    fn replaced(&self, text: &str, is_cut: bool) -> Option<String> {
        let mut replaced = None;
        if self.has_patterns {
            replaced = without_secrets(text, is_cut);
        }
        let hooked = self.hooks.replaced(replaced.as_deref().unwrap_or(text));
        hooked.or(replaced)
    }
}

/// Whether JSON has a place where a secret may be, or the name of one.
fn may_hold_secrets(json: &[u8]) -> bool {
    let mut from = 0;
    while let Some((at, hints)) = ESCAPED.next(json, from) {
        if hints != KEY || member::is_name(&json[..=at]) {
            return true;
        }
        from = at + 1;
    }
    false
}

/// Whether a field of this name, as it stands in JSON, may hold anything: neither the name is a secret's,
/// nor has it one.
pub(crate) fn is_harmless_name(name: &[u8]) -> bool {
    Telling::of(name).is_harmless() && !member::is_name(name)
}

/// The text without what looks like a secret, where there is any. Of a text that `is_cut` there is but
/// the head.
fn without_secrets(text: &str, is_cut: bool) -> Option<String> {
    let (mut kept, mut at) = (String::new(), 0);
    for secret in Secrets::of(text, is_cut) {
        kept.push_str(text.get(at..secret.start)?);
        kept.push_str(REDACTED);
        at = secret.end;
    }
    (at > 0).then(|| kept + text.get(at..).unwrap_or_default())
}

/// What cannot be read cannot be known to be harmless.
const UNREADABLE: &str = "[redacted: no text]";

impl fmt::Debug for Scrub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scrub")
            .field("has_patterns", &self.has_patterns)
            .field("hooks", &self.hooks.count())
            .finish()
    }
}
