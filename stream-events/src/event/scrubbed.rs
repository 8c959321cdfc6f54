//! Fields without what is to be taken out of their texts.

use std::borrow::Cow;
use std::ops::Range;

use super::fields::{Fields, Member};
use super::{keys, reserved};
use crate::scrub::Scrub;

impl Fields {
    /// The same fields, before anything of them is cut: half a secret is not known for one.
    pub(crate) fn scrubbed(self, scrub: &Scrub) -> Self {
        let may_change = |member: &Member| {
            let is_left = member.is_harmless && !scrub.has_hooks();
            let text = &self.text[member.looked_at(&self.text)];
            !is_left && !text.is_empty() && scrub.may_change(text)
        };
        if !self.members.iter().any(may_change) {
            return self;
        }
        let replaced: Vec<_> = self
            .members
            .iter()
            .map(|member| Replaced::of(&self.text, member, scrub))
            .collect();
        if replaced.iter().all(Replaced::is_none) {
            return self;
        }
        self.with(replaced)
    }

    fn with(self, replaced: Vec<Replaced>) -> Self {
        let mut fields = Self::new();
        for (member, replaced) in self.members.iter().zip(replaced) {
            match replaced.key {
                Some(name) => fields.begin(&self.free_name(name, &fields)),
                None => fields.begin_as_it_is(&self.text[member.key.clone()]),
            }
            let is_whole = member.size == member.value.len();
            let value = match &replaced.value {
                Some(value) => value,
                None => &self.text[member.value.clone()],
            };
            let size = match is_whole {
                true => value.len(),
                // Of what is too long to be kept whole, no more is kept.
                false => member.size.max(value.len()),
            };
            fields.end(value, size);
            fields.limit_last(member.most);
        }
        fields
    }

    /// A name that no other field has: what is left of two may be the same.
    fn free_name(&self, name: String, fields: &Self) -> String {
        keys::free(name, fields.members.len(), |key| {
            [self, fields].into_iter().any(|of| {
                let mut keys = of.members.iter().map(|member| &of.text[member.key.clone()]);
                keys.any(|taken| taken == key)
            })
        })
    }
}

impl Member {
    /// Where there may be something to take out: a reserved name is none of the user's, and no number has
    /// any.
    fn looked_at(&self, text: &[u8]) -> Range<usize> {
        let value = &self.value;
        match text.get(value.start) {
            _ if self.own.is_none() => self.key.start..value.end,
            Some(b'"' | b'{' | b'[') => value.clone(),
            _ => value.end..value.end,
        }
    }
}

/// What is to stand in place of a field's name and value.
struct Replaced {
    key: Option<String>,
    value: Option<Vec<u8>>,
}

impl Replaced {
    fn of(text: &[u8], member: &Member, scrub: &Scrub) -> Self {
        let (key, value) = (&text[member.key.clone()], &text[member.value.clone()]);
        let name = key.get(1..key.len() - 1).unwrap_or_default();
        let replaced = || scrub.value(name, value);
        Self {
            key: replaced_name(key, scrub),
            value: (key != ERROR_KIND).then(replaced).flatten(),
        }
    }

    fn is_none(&self) -> bool {
        self.key.is_none() && self.value.is_none()
    }
}

/// The name of a field that is the user's, where another is to stand in its place.
fn replaced_name(key: &[u8], scrub: &Scrub) -> Option<String> {
    if !scrub.may_change(key) {
        return None;
    }
    let name: String = serde_json::from_slice(key).ok()?;
    if reserved::is_reserved(&name) {
        return None;
    }
    match scrub.text(&name) {
        Cow::Owned(replaced) if replaced != name => Some(replaced),
        _ => None,
    }
}

/// Ours, and one of a few words that readers know.
const ERROR_KIND: &[u8] = br#""error_kind""#;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::MAX_PAYLOAD;

    fn read(fields: Fields) -> Value {
        let text = fields.into_text(MAX_PAYLOAD);
        serde_json::from_str(&format!("{{{}}}", std::str::from_utf8(&text[1..]).unwrap())).unwrap()
    }

    #[test]
    fn strings_are_scrubbed_wherever_they_stand() {
        let nested = json!({"redis://u:s3cret@h": [1, {"deep": "\"postgres://u:s3cret@h/db\"\n"}], "n": null});
        let fields = Fields::new()
            .own("error", "cannot reach redis://u:s3cret@h")
            .field("nested", &nested)
            .field("plain", &"as it is");
        assert_eq!(
            fields.scrubbed(&Scrub::default()).to_string(),
            concat!(
                r#"{"error":"cannot reach redis://[redacted]@h","#,
                r#""nested":{"n":null,"redis://[redacted]@h":[1,{"deep":"\"postgres://[redacted]@h/db\"\n"}]},"#,
                r#""plain":"as it is"}"#
            )
        );
    }

    #[test]
    fn a_hook_sees_all_texts_but_the_kind_of_an_error() {
        let fields = Fields::new()
            .own("error", "no such file")
            .own("error_kind", "error")
            .field("n", &1)
            .field("list", &["a", "b"]);
        let scrub = Scrub::none().and(|text| Some(format!("<{text}>")));
        assert_eq!(
            fields.scrubbed(&scrub).to_string(),
            r#"{"error":"<no such file>","error_kind":"error","<n>":1,"<list>":["<a>","<b>"]}"#
        );
    }

    #[test]
    fn what_a_secrets_name_holds_is_taken_out_at_any_depth() {
        let config = json!({
            "db": [{"password": "x", "passwords": 12, "user": "app", "passwd": null}],
            "headers": {"Authorization": "Basic dTpw", "x-api-key": "abcdefgh"},
            "token": "analysis", "access_token": "analysis", "secret": "no",
        });
        let fields = Fields::new()
            .field("client_secret", "hunter-two")
            .field("token", "and the next word of it")
            .field(
                "refresh",
                &json!({"token": "Ab1-next", "clientSecret" : "hunter-two"}),
            )
            .field("config", &config)
            .field("pin", &json!({"password": 1234}));
        let text = fields.scrubbed(&Scrub::default()).to_string();
        assert_eq!(
            text,
            concat!(
                r#"{"client_secret":"[redacted]","token":"and the next word of it","#,
                r#""refresh":{"clientSecret":"[redacted]","token":"[redacted]"},"#,
                r#""config":{"access_token":"[redacted]","#,
                r#""db":[{"passwd":null,"password":"[redacted]","passwords":12,"user":"app"}],"#,
                r#""headers":{"Authorization":"[redacted]","x-api-key":"[redacted]"},"#,
                r#""secret":"no","token":"analysis"},"pin":{"password":1234}}"#
            )
        );
        let raw = r#"{ "password" : "a\"b" , "note": "password" , "key": ["s"] }"#;
        let raw = serde_json::value::RawValue::from_string(raw.to_owned()).unwrap();
        let fields = Fields::new().field("raw", &raw);
        assert_eq!(
            fields.scrubbed(&Scrub::default()).to_string(),
            r#"{"raw":{ "password" : "[redacted]" , "note": "password" , "key": ["s"] }}"#
        );
        let cut = Fields::new().field("password", &"x".repeat(MAX_PAYLOAD));
        let cut = read(cut.scrubbed(&Scrub::default()));
        assert_eq!(cut["password"], "[redacted]");
        let kept = Fields::new().field("password", "x");
        assert_eq!(
            kept.scrubbed(&Scrub::none()).to_string(),
            r#"{"password":"x"}"#
        );
    }

    #[test]
    fn names_of_fields_are_scrubbed_and_still_overwrite_none() {
        let fields = Fields::new()
            .field("redis://u:s3cret@h", &1)
            .field("redis://u:other@h", &"redis://u:s3cret@h")
            .field("redis://[redacted]@h", &3);
        assert_eq!(
            fields.scrubbed(&Scrub::default()).to_string(),
            concat!(
                r#"{"redis://[redacted]@h_":1,"redis://[redacted]@h__":"redis://[redacted]@h","#,
                r#""redis://[redacted]@h":3}"#
            )
        );
        let ours = Scrub::none().and(|_| Some("seq".to_owned()));
        let fields = Fields::new().own("current", &1).field("mine", &2);
        assert_eq!(
            fields.scrubbed(&ours).to_string(),
            r#"{"current":1,"seq_":2}"#
        );
    }

    #[test]
    fn what_is_cut_in_the_middle_of_a_secret_does_not_show_its_head() {
        // What stands before it shrinks, so that all of the rest is shown; wherever its end falls.
        let shrinks = format!("redis://{}@h ", "p".repeat(500));
        for behind in 0..40 {
            let before = shrinks.clone() + &"x ".repeat((MAX_PAYLOAD - shrinks.len() - behind) / 2);
            let url = format!(
                "{before}redis://user:s3cret-and-long@host/{}",
                "y".repeat(99)
            );
            let fields = Fields::new().field("url", &url).scrubbed(&Scrub::default());
            let size = fields.size();
            let read = read(fields);
            assert!(!read["url"].as_str().unwrap().contains("s3c"), "{behind}");
            assert_eq!(read["truncated"], true);
            assert_eq!(read["original_size"], json!(size));
        }
    }

    #[test]
    fn a_giant_value_that_shrinks_or_grows_stays_within_bounds() {
        let key = format!("-----BEGIN PRIVATE KEY-----\n{}", "A".repeat(MAX_PAYLOAD));
        let grows = "password=x ".repeat(MAX_PAYLOAD / 10);
        for text in [key, grows] {
            let fields = Fields::new().field("text", &text).field("list", &[&text]);
            let read = read(fields.scrubbed(&Scrub::default()));
            assert_eq!(read["truncated"], true);
            assert!(read["text"].as_str().unwrap().contains("[redacted]"));
            assert!(read["list"].as_str().unwrap().contains("[redacted]"));
        }
    }

    #[test]
    fn json_of_the_users_own_hides_nothing_in_its_escapes() {
        let raw = |json: &str| serde_json::value::RawValue::from_string(json.to_owned()).unwrap();
        let fields = Fields::new()
            .field("slashes", &raw(r#"[ "redis:\/\/u:s3cret@h" , "\/" ]"#))
            .field("letters", &raw(r#""AK\u0049AABCDEFGHIJKLMNOP""#))
            .field("no_text", &raw(r#""\ud800 is half""#))
            .field("escape", &"\u{1b}[1m")
            .scrubbed(&Scrub::default());
        assert_eq!(
            fields.to_string(),
            concat!(
                r#"{"slashes":[ "redis://[redacted]@h" , "\/" ],"letters":"[redacted]","#,
                r#""no_text":"[redacted: no text]","escape":"\u001b[1m"}"#
            )
        );
    }
}
