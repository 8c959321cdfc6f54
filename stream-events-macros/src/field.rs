//! One field: `key = value`, or a bare `x` that is its own key; `%` asks for `Display`, `?` for `Debug`.

use crate::errors::Errors;
use crate::names::RESERVED;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprReference, LitStr, Result, Token};

pub(crate) struct Field {
    pub(crate) key: LitStr,
    pub(crate) capture: Capture,
    pub(crate) value: Expr,
    /// The variable that a bare field names: `user` in `%user.id`.
    pub(crate) variable: Option<Ident>,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Capture {
    Plain,
    Display,
    Debug,
}

impl Field {
    pub(crate) fn name(&self) -> String {
        self.key.value()
    }

    /// Whether `key = …` comes next; `key == …` is an expression.
    pub(crate) fn named_next(input: ParseStream<'_>) -> bool {
        let ahead = input.fork();
        Key::parse(&ahead).is_ok()
            && ahead.peek(Token![=])
            && !ahead.peek(Token![==])
            && !ahead.peek(Token![=>])
    }

    /// `.field("key", &value)`, `.display(..)` or `.debug(..)`.
    pub(crate) fn builder_call(&self) -> TokenStream {
        let Self { key, .. } = self;
        let value = borrowed(&self.value);
        let method = match self.capture {
            Capture::Plain => "field",
            Capture::Display => "display",
            Capture::Debug => "debug",
        };
        let method = Ident::new(method, generated_at(self.value.span()));
        quote!(.#method(#key, #value))
    }

    fn named(input: ParseStream<'_>) -> Result<Self> {
        let Key { name: key, .. } = input.parse()?;
        input.parse::<Token![=]>()?;
        let capture = Capture::parse(input)?;
        let value = value_of(&key.value(), key.span(), input)?;
        Ok(Self {
            key,
            capture,
            value,
            variable: None,
        })
    }

    fn bare(input: ParseStream<'_>) -> Result<Self> {
        let capture = Capture::parse(input)?;
        let start = input.span();
        let key: Key = input.parse().map_err(|_| unnamed(start))?;
        if key.place.is_empty() || !(input.is_empty() || input.peek(Token![,])) {
            return Err(unnamed(start));
        }
        let value = syn::parse2(key.place.to_token_stream())?;
        Ok(Self {
            key: key.name,
            capture,
            value,
            variable: key.place.into_iter().next(),
        })
    }
}

impl Parse for Field {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if Self::named_next(input) {
            Self::named(input)
        } else {
            Self::bare(input)
        }
    }
}

impl Parse for Capture {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.parse::<Option<Token![%]>>()?.is_some() {
            Ok(Self::Display)
        } else if input.parse::<Option<Token![?]>>()?.is_some() {
            Ok(Self::Debug)
        } else {
            Ok(Self::Plain)
        }
    }
}

/// `key`, `dotted.key` or `"any key"`; the place is empty for the last.
struct Key {
    name: LitStr,
    place: Punctuated<Ident, Token![.]>,
}

impl Parse for Key {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(LitStr) {
            return Ok(Self {
                name: input.parse()?,
                place: Punctuated::new(),
            });
        }
        let place =
            Punctuated::<Ident, Token![.]>::parse_separated_nonempty_with(input, Ident::parse_any)?;
        let parts: Vec<_> = place.iter().map(|part| part.unraw().to_string()).collect();
        let name = LitStr::new(&parts.join("."), place[0].span());
        Ok(Self { name, place })
    }
}

/// Refuses empty, reserved and repeated keys; `allowed` are reserved ones that may be set here.
pub(crate) fn check_keys(fields: &[Field], allowed: &[&str], errors: &mut Errors) {
    for (index, field) in fields.iter().enumerate() {
        let name = field.name();
        let at = field.key.span();
        if name.is_empty() {
            errors.at(at, "this field's name is empty: write `name = <expr>`");
        } else if RESERVED.contains(&&*name) && !allowed.contains(&&*name) {
            errors.at(
                at,
                format!("`{name}` is written by stream-events itself: choose another name; `stream_events::RESERVED_KEYS` has those that are taken"),
            );
        } else if fields[..index].iter().any(|earlier| earlier.name() == name) {
            errors.at(at, format!("the field `{name}` is given twice"));
        }
    }
}

/// An expression, without the invisible group that a `macro_rules!` may have put around it: rustc drops
/// such groups, and `&$a` would become `(&1) + 2`.
pub(crate) fn expression(input: ParseStream<'_>) -> Result<Expr> {
    let mut value = input.parse()?;
    while let Expr::Group(group) = value {
        value = *group.expr;
    }
    Ok(value)
}

/// The same, of what has this name.
pub(crate) fn value_of(name: &str, at: Span, input: ParseStream<'_>) -> Result<Expr> {
    if input.is_empty() || input.peek(Token![,]) {
        return Err(no_value(name, at));
    }
    expression(input)
}

/// That there is a name, and nothing to have it.
pub(crate) fn no_value(name: &str, at: Span) -> Error {
    let message = format!("`{name}` needs a value: write `{name} = <expr>`");
    Error::new(at, message)
}

/// `&value`, in parentheses where needed, shown to the user as their value.
pub(crate) fn borrowed(value: &Expr) -> TokenStream {
    borrowed_at(generated_at(value.span()), value)
}

/// The same, with the `&` from here.
pub(crate) fn borrowed_at(and: Span, value: &Expr) -> TokenStream {
    ExprReference {
        attrs: Vec::new(),
        and_token: Token![&](and),
        mutability: None,
        expr: Box::new(value.clone()),
    }
    .into_token_stream()
}

/// Where the user's tokens stand, but known as generated: errors point there and lints leave it alone.
pub(crate) fn generated_at(span: Span) -> Span {
    span.resolved_at(Span::mixed_site())
}

fn unnamed(at: Span) -> Error {
    Error::new(at, "this value needs a name: write `name = <expr>`")
}

#[cfg(test)]
mod tests {
    use super::{Field, check_keys};
    use crate::errors::messages;
    use crate::list;
    use crate::names::STANDING;
    use proc_macro2::{Delimiter, Group, TokenStream};
    use quote::quote;

    fn fields(tokens: TokenStream) -> (Vec<Field>, Vec<String>) {
        let mut fields = Vec::new();
        let result = list::whole(tokens, |input, errors| {
            list::parse(input, errors, |input, _| {
                fields.push(input.parse()?);
                Ok(())
            });
            check_keys(&fields, STANDING, errors);
            Ok(())
        });
        let messages = result.err().map_or_else(Vec::new, messages);
        (fields, messages)
    }

    #[test]
    fn every_way_to_write_a_field() {
        let (fields, errors) = fields(quote! {
            a, %b, ?c.d, e = f(1, 2), g = %h, i = ?j, "k-l" = m == n, o.p = *q, r#type, type = s,
        });
        let calls: Vec<_> = fields
            .iter()
            .map(|f| f.builder_call().to_string())
            .collect();
        let expected = [
            quote!(.field("a", &a)),
            quote!(.display("b", &b)),
            quote!(.debug("c.d", &c.d)),
            quote!(.field("e", &f(1, 2))),
            quote!(.display("g", &h)),
            quote!(.debug("i", &j)),
            quote!(.field("k-l", &(m == n))),
            quote!(.field("o.p", &*q)),
            quote!(.field("type", &r#type)),
            quote!(.field("type", &s)),
        ];
        assert_eq!(calls, expected.map(|tokens| tokens.to_string()));
        assert_eq!(errors, ["the field `type` is given twice"]);
    }

    #[test]
    fn invisible_groups_are_opened() {
        let sum = Group::new(Delimiter::None, quote!(1 + 2));
        let (fields, _) = fields(quote!(a = #sum));
        let call = fields[0].builder_call().to_string();
        assert_eq!(call, quote!(.field("a", &(1 + 2))).to_string());
    }

    #[test]
    fn every_mistake_is_reported() {
        let (_, errors) = fields(quote!(a + 1, "x", b.c(), seq = 1, %run, "" = 2, d = , step = 3));
        let unnamed = "this value needs a name: write `name = <expr>`";
        assert_eq!(errors[..3], [unnamed; 3]);
        assert_eq!(errors[3], "`d` needs a value: write `d = <expr>`");
        assert!(
            errors[4].starts_with(
                "`seq` is written by stream-events itself: choose another name; `stream_events::RESERVED_KEYS` has"
            ),
            "{}",
            errors[4]
        );
        assert!(errors[5].starts_with("`run` is written by stream-events itself"));
        assert_eq!(
            errors[6],
            "this field's name is empty: write `name = <expr>`"
        );
        assert_eq!(errors.len(), 7);
    }
}
