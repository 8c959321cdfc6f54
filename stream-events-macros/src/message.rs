//! A message with its format arguments and fields: the dialect of `progress!`.
//!
//! The message may stand first or, as in tracing's macros, last. Values behind it are its positional
//! arguments as long as it has placeholders for them. A `key = value` that it names is its argument,
//! every other one is a field.

use crate::errors::Errors;
use crate::field::{Capture, Field, borrowed, check_keys, expression, generated_at};
use crate::format::Placeholders;
use crate::list;
use crate::names::STANDING;
use crate::shadowed;
use crate::standing::check_numbers;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Error, Expr, LitStr, Result, Token, parse_quote, parse_quote_spanned};

pub(crate) struct Message {
    text: LitStr,
    positional: Vec<Expr>,
    named: Vec<(Ident, Expr)>,
    pub(crate) fields: Vec<Field>,
    /// Values that are worked out before, and the variables that hold them.
    bound: Vec<(Ident, Expr)>,
}

impl Message {
    pub(crate) fn parse(input: ParseStream<'_>, name: &str, errors: &mut Errors) -> Result<Self> {
        let start = input.span();
        let mut items = Items::default();
        list::parse(input, errors, |input, _| items.item(input));
        let Some((text, placeholders)) = items.text else {
            let message =
                format!("{name} needs a message, as in {name}(\"analysing the request\")");
            return Err(Error::new(start, message));
        };
        let mut message = Self {
            text,
            positional: Vec::new(),
            named: Vec::new(),
            fields: Vec::new(),
            bound: Vec::new(),
        };
        for value in items.positional {
            let value = message.settled(value, false);
            message.positional.push(value);
        }
        message.settle_captured(&placeholders, &items.fields);
        for field in items.fields {
            message.place(field, &placeholders);
        }
        message.check(errors);
        Ok(message)
    }

    /// What `format_args!` takes.
    pub(crate) fn format_args(&self) -> TokenStream {
        let Self {
            text, positional, ..
        } = self;
        let named = self
            .named
            .iter()
            .map(|(name, value)| quote!(#name = #value));
        quote!(#text #(, #positional)* #(, #named)*)
    }

    /// `tokens`, behind the values that must be worked out before it. They are only where somebody
    /// listens; else it is `unheard`. That leaves out the `log` crate, where a feature of tracing's has it
    /// hear what no subscriber does: it cannot be asked.
    pub(crate) fn with_bound_values(
        &self,
        tokens: TokenStream,
        is_heard: &TokenStream,
        unheard: &TokenStream,
    ) -> TokenStream {
        if self.bound.is_empty() {
            return tokens;
        }
        let bound = self.bound.iter().rev();
        let tokens = bound.fold(tokens, |tokens, (name, value)| {
            let value = borrowed(value);
            quote!(match (#value) { #name => #tokens })
        });
        quote!(if #is_heard { #tokens } else { #unheard })
    }

    /// Puts a field where it belongs: among the arguments, the fields, or both.
    fn place(&mut self, mut field: Field, placeholders: &Placeholders) {
        let argument = argument_of(&field, placeholders);
        let is_standing = STANDING.contains(&field.name().as_str());
        let is_field = argument.is_none() || is_standing || field.capture != Capture::Plain;
        field.value = self.settled(field.value, argument.is_some() && is_field);
        if let Some(argument) = argument {
            self.named.push((argument, field.value.clone()));
        }
        if is_field {
            self.fields.push(field);
        }
    }

    /// What the message captures of the names that tracing's macros would take for their own.
    fn settle_captured(&mut self, placeholders: &Placeholders, given: &[Field]) {
        for name in shadowed::NAMES
            .iter()
            .filter(|name| placeholders.named.contains(**name))
        {
            if given
                .iter()
                .any(|field| field.variable.is_none() && field.name() == *name)
            {
                continue;
            }
            let name = Ident::new(name, self.text.span());
            let value = self.settled(parse_quote!(#name), false);
            self.named.push((name, value));
        }
    }

    /// The value, or a variable that holds it where it must not stand inside of tracing's macros: because
    /// it would be worked out twice, or would mean something else there.
    fn settled(&mut self, value: Expr, used_twice: bool) -> Expr {
        let same_twice = matches!(value, Expr::Path(_) | Expr::Lit(_));
        if (same_twice || !used_twice) && !shadowed::mentioned(value.to_token_stream()) {
            return value;
        }
        // The user's code cannot see the name.
        let at = value.span();
        let variable = Ident::new(&format!("bound_{}", self.bound.len()), generated_at(at));
        let settled = parse_quote_spanned!(at=> *#variable);
        self.bound.push((variable, value));
        settled
    }

    fn check(&self, errors: &mut Errors) {
        check_keys(&self.fields, STANDING, errors);
        check_numbers(&self.fields, errors);
        for field in self.fields.iter().filter(|field| field.name() == "message") {
            errors.at(
                field.key.span(),
                "`message` is the string literal itself: choose another name",
            );
        }
    }
}

#[derive(Default)]
struct Items {
    text: Option<(LitStr, Placeholders)>,
    positional: Vec<Expr>,
    fields: Vec<Field>,
}

impl Items {
    fn item(&mut self, input: ParseStream<'_>) -> Result<()> {
        match &self.text {
            _ if Field::named_next(input) => self.fields.push(input.parse()?),
            None if input.peek(LitStr) => {
                let text: LitStr = input.parse()?;
                let placeholders = Placeholders::of(&text.value());
                self.text = Some((text, placeholders));
            }
            Some((_, placeholders))
                if self.positional.len() < placeholders.positional && !sigil_next(input) =>
            {
                self.positional.push(expression(input)?);
            }
            _ => self.fields.push(input.parse()?),
        }
        Ok(())
    }
}

/// The name under which the message asks for the field, if it does; a bare field it captures by itself.
fn argument_of(field: &Field, placeholders: &Placeholders) -> Option<Ident> {
    let name = field.name();
    if field.variable.is_some() || !placeholders.named.contains(&name) {
        return None;
    }
    let name = Ident::parse_any.parse_str(&name).ok()?;
    Some(Ident::new(&name.to_string(), field.key.span()))
}

fn sigil_next(input: ParseStream<'_>) -> bool {
    input.peek(Token![%]) || input.peek(Token![?])
}
