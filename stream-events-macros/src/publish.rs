//! `publish!("type", key = value, ..)`: an event of the user's own on the current job.

use crate::errors::Errors;
use crate::field::{Field, borrowed, check_keys, expression};
use crate::invocation::Invocation;
use crate::list;
use crate::names::{LIFECYCLE, listed};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::ParseStream;
use syn::{Error, Expr, ExprLit, Lit, LitStr, Result, Token};

pub(crate) fn publish(invocation: &Invocation) -> TokenStream {
    expand(invocation).unwrap_or_else(|error| {
        let error = error.into_compile_error();
        quote!({ #error })
    })
}

fn expand(invocation: &Invocation) -> Result<TokenStream> {
    let publish = list::whole(invocation.written.clone(), Publish::parse)?;
    Ok(publish.expand(&invocation.krate))
}

struct Publish {
    event_type: EventType,
    fields: Vec<Field>,
}

enum EventType {
    Literal(LitStr),
    Of(Expr),
}

impl Publish {
    fn parse(input: ParseStream<'_>, errors: &mut Errors) -> Result<Self> {
        let event_type = EventType::parse(input, errors)?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        let mut fields = Vec::new();
        list::parse(input, errors, |input, _| {
            fields.push(input.parse()?);
            Ok(())
        });
        check_keys(&fields, &[], errors);
        Ok(Self { event_type, fields })
    }

    /// The values are only worked out where there is a job to take them.
    fn expand(&self, krate: &TokenStream) -> TokenStream {
        let event_type = &self.event_type;
        let fields = self.fields.iter().map(Field::builder_call);
        // The user's values may name a `job` of their own.
        let job = Ident::new("job", Span::mixed_site());
        quote! {
            match #krate::__private::current() {
                #krate::__private::Current::Job(#job) => {
                    #job.emit(#event_type, #krate::__private::Said::new() #(#fields)* .fields())
                }
                #krate::__private::Current::None => {}
            }
        }
    }
}

impl EventType {
    fn parse(input: ParseStream<'_>, errors: &mut Errors) -> Result<Self> {
        let sigil = input.peek(Token![%]) || input.peek(Token![?]);
        if input.is_empty() || sigil || Field::named_next(input) {
            return Err(Error::new(input.span(), WANTS_TYPE));
        }
        match expression(input)? {
            Expr::Lit(ExprLit {
                lit: Lit::Str(literal),
                ..
            }) => {
                check_literal(&literal, errors);
                Ok(Self::Literal(literal))
            }
            other => Ok(Self::Of(other)),
        }
    }
}

fn check_literal(literal: &LitStr, errors: &mut Errors) {
    let event_type = literal.value();
    if event_type.is_empty() {
        errors.at(
            literal.span(),
            "the event's type is empty: name what happened, as in publish!(\"outline_generated\", outline = &outline)",
        );
    } else if LIFECYCLE.contains(&event_type.as_str()) {
        let lifecycle = listed(LIFECYCLE);
        errors.at(
            literal.span(),
            format!("`{event_type}` is written by the job itself; choose another type; its own are {lifecycle}"),
        );
    }
}

impl ToTokens for EventType {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Literal(literal) => literal.to_tokens(tokens),
            // A `&str`, a `String` and what derefs to them.
            Self::Of(value) => tokens.extend(borrowed(value)),
        }
    }
}

const WANTS_TYPE: &str = "publish! needs the event's type first, as in publish!(\"outline_generated\", outline = &outline)";

#[cfg(test)]
mod tests {
    use super::expand;
    use crate::errors::messages;
    use proc_macro2::TokenStream;
    use quote::quote;

    fn errors(input: TokenStream) -> Vec<String> {
        messages(expand(&input.into()).expect_err("a mistake"))
    }

    #[test]
    fn expands_to_one_match() {
        let input = quote!([$crate] "page_done", page, %path, opts = ?o,);
        let expanded = expand(&input.into()).expect("valid");
        let expected = quote! {
            match $crate::__private::current() {
                $crate::__private::Current::Job(job) => {
                    job.emit(
                        "page_done",
                        $crate::__private::Said::new().field("page", &page).display("path", &path).debug("opts", &o).fields()
                    )
                }
                $crate::__private::Current::None => {}
            }
        };
        assert_eq!(expanded.to_string(), expected.to_string());
    }

    #[test]
    fn type_may_be_an_expression() {
        let input = quote!([$crate] kind.name());
        let expanded = expand(&input.into()).expect("valid").to_string();
        assert!(expanded.contains("emit (& kind . name () ,"), "{expanded}");
    }

    #[test]
    fn type_comes_first() {
        for input in [
            quote!([$crate]),
            quote!([$crate] outline = 1),
            quote!([$crate] %outline),
        ] {
            let errors = errors(input);
            assert!(
                errors[0].starts_with("publish! needs the event's type first, as in publish!(\"outline_generated\", outline = &outline)"),
                "{}",
                errors[0]
            );
        }
    }

    #[test]
    fn mistakes_in_type_and_fields_are_reported_together() {
        assert_eq!(
            errors(quote!([$crate] "task_failed", a, a)),
            [
                "`task_failed` is written by the job itself; choose another type; its own are `task_started`, `task_progress`, `task_completed`, `task_failed`, `task_resumed`",
                "the field `a` is given twice",
            ]
        );
        let errors = errors(quote!([$crate] "", run = 1));
        assert!(
            errors[0].starts_with("the event's type is empty: name what happened, as in publish!(")
        );
        assert!(errors[1].starts_with("`run` is written by stream-events itself"));
    }
}
