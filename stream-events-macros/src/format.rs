//! What a format string asks for, so that `progress!` can tell its arguments from its fields.

use std::collections::BTreeSet;

/// The arguments that a format string's placeholders name; a malformed string is rustc's to report.
#[derive(Default)]
pub(crate) struct Placeholders {
    /// `{name}`, `{:name$}`, `{:.name$}`
    pub(crate) named: BTreeSet<String>,
    /// How many arguments `{}`, `{0}`, `{:0$}` and `{:.*}` take together.
    pub(crate) positional: usize,
    implicit: usize,
}

impl Placeholders {
    pub(crate) fn of(format: &str) -> Self {
        let mut placeholders = Self::default();
        // Two braces are one that is meant; none of the two can be part of a placeholder.
        let unescaped = format.replace("{{", "").replace("}}", "");
        for opened in unescaped.split('{').skip(1) {
            let placeholder = opened.split('}').next().unwrap_or_default();
            let (argument, spec) = placeholder.split_once(':').unwrap_or((placeholder, ""));
            placeholders.spec(spec);
            placeholders.argument(argument.trim());
        }
        placeholders
    }

    fn argument(&mut self, argument: &str) {
        if argument.is_empty() {
            self.take_next();
        } else if let Ok(index) = argument.parse::<usize>() {
            self.positional = self.positional.max(index + 1);
        } else {
            self.named.insert(argument.to_owned());
        }
    }

    fn spec(&mut self, spec: &str) {
        let spec = without_fill(spec);
        if spec.contains(".*") {
            self.take_next();
        }
        for (dollar, _) in spec.match_indices('$') {
            let count = spec[..dollar]
                .rsplit(not_in_name)
                .next()
                .unwrap_or_default();
            // In `{:0w$}` the zero is a flag.
            let all_digits = count.bytes().all(|byte| byte.is_ascii_digit());
            self.argument(if all_digits {
                count
            } else {
                count.trim_start_matches('0')
            });
        }
    }

    fn take_next(&mut self) {
        self.implicit += 1;
        self.positional = self.positional.max(self.implicit);
    }
}

/// A fill may be any character, `$` too, where an alignment follows.
fn without_fill(spec: &str) -> &str {
    let mut chars = spec.chars();
    let (fill, align) = (chars.next(), chars.next());
    match (fill, align) {
        (Some(_), Some('<' | '^' | '>')) => chars.as_str(),
        _ => spec,
    }
}

fn not_in_name(c: char) -> bool {
    !c.is_alphanumeric() && c != '_'
}

#[cfg(test)]
mod tests {
    use super::Placeholders;

    #[test]
    fn every_kind_of_placeholder() {
        for (format, named, positional) in [
            ("plain", "", 0),
            ("{{not}} {{}} {{{{", "", 0),
            ("{} {}", "", 2),
            ("{0} {2} {0}", "", 3),
            ("{} {0} {}", "", 2),
            ("{x} {y:?} { z }", "x y z", 0),
            ("{{{x}}}", "x", 0),
            ("{:>8.3} {x:#010x}", "x", 1),
            ("{:width$} {:.prec$}", "prec width", 2),
            ("{:>1$}", "", 2),
            ("{x:>w$.p$}", "p w x", 0),
            ("{:0w$}", "w", 1),
            ("{:010$}", "", 11),
            ("{:.*} {}", "", 3),
            ("{:$>5} {:$^w$}", "w", 2),
            ("größe {größe}", "größe", 0),
            ("half {", "", 1),
        ] {
            let found = Placeholders::of(format);
            let names: Vec<_> = found.named.iter().map(String::as_str).collect();
            assert_eq!(names.join(" "), named, "{format}");
            assert_eq!(found.positional, positional, "{format}");
        }
    }
}
