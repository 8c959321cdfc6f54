//! The arguments of `#[job_events(..)]`; what is unknown, given twice or malformed is found here.

mod origin;
mod ret;
#[cfg(test)]
mod tests;
mod time;

use crate::errors::Errors;
use crate::field::{Field, check_keys, no_value, value_of};
use crate::list;
use crate::names::{did_you_mean, listed};
use origin::Origin;
use proc_macro2::{Ident, TokenStream};
pub(crate) use ret::Ret;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Expr, ExprLit, Lit, LitStr, Path, Result, Token, parenthesized};
pub(crate) use time::Time;

#[derive(Default)]
pub(crate) struct Args {
    /// A literal or the path of a constant.
    pub(crate) task_type: Option<Expr>,
    pub(crate) job_id: JobIdArg,
    pub(crate) origin: Origin,
    pub(crate) fields: Vec<Field>,
    pub(crate) ret: Ret,
    pub(crate) err: ErrStyle,
    pub(crate) timeout: Option<Time>,
    pub(crate) heartbeat: Option<Time>,
    pub(crate) krate: Option<Path>,
    given: Vec<Ident>,
}

#[derive(Default)]
pub(crate) enum JobIdArg {
    /// The function's argument of that name.
    #[default]
    Named,
    New,
    Of(Expr),
}

#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) enum ErrStyle {
    #[default]
    Display,
    Debug,
    Chain,
}

impl Args {
    /// What could be read; the mistakes are in `errors`.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        let whole = |input: ParseStream<'_>| {
            list::parse(input, errors, |input, errors| args.argument(input, errors));
            Ok(())
        };
        let result = whole.parse2(tokens);
        errors.keep(result);
        check_keys(&args.fields, &[], errors);
        args.check(errors);
        args
    }

    /// The arguments that need a job that waits.
    pub(crate) fn times(&self) -> impl Iterator<Item = &Time> {
        self.timeout.iter().chain(&self.heartbeat)
    }

    /// Whether the argument was there, be it malformed.
    pub(crate) fn was_given(&self, name: &str) -> bool {
        self.given.iter().any(|given| given == name)
    }

    /// What no argument shows by itself.
    fn check(&self, errors: &mut Errors) {
        let of_how_many = self.given.iter().find(|name| *name == "max_attempts");
        if let (Some(name), false) = (of_how_many, self.was_given("attempt")) {
            errors.at(name.span(), origin::WANTS_ATTEMPT);
        }
    }

    fn argument(&mut self, input: ParseStream<'_>, errors: &mut Errors) -> Result<()> {
        let name = argument_name(input)?;
        if self.was_given(&name.to_string()) {
            // Read on behind it: its value may hold commas.
            errors.at(name.span(), format!("the argument `{name}` is given twice"));
        }
        self.given.push(name.clone());
        match name.to_string().as_str() {
            "task_type" => self.task_type = Some(task_type(&name, input)?),
            "job_id" => self.job_id = job_id(&name, input)?,
            "attempt" => self.origin.attempt = Some(origin::attempt(value(&name, input)?)?),
            "max_attempts" => {
                self.origin.max_attempts = Some(origin::attempt(value(&name, input)?)?)
            }
            "parent" => self.origin.parent = Some(origin::parent(value(&name, input)?)?),
            "fields" => {
                let content;
                parenthesized!(content in input);
                list::parse(&content, errors, |input, _| {
                    self.fields.push(input.parse()?);
                    Ok(())
                });
            }
            "ret" => self.ret = Ret::parse(input)?,
            "err" => self.err = err_style(input)?,
            "heartbeat" => self.heartbeat = Some(Time::parse(&name, input)?),
            "timeout" => self.timeout = Some(Time::parse(&name, input)?),
            "crate" => {
                input.parse::<Token![=]>()?;
                self.krate = Some(input.call(Path::parse_mod_style)?);
            }
            // Habits from `#[instrument]`: no argument is recorded anyway, unless `fields` names it.
            "skip_all" => {}
            "skip" => {
                let content;
                parenthesized!(content in input);
                content.parse::<TokenStream>()?;
            }
            _ => return Err(unknown(&name)),
        }
        Ok(())
    }
}

fn argument_name(input: ParseStream<'_>) -> Result<Ident> {
    if let Ok(literal) = input.fork().parse::<LitStr>() {
        let value = literal.value();
        let message = format!("an argument needs its name: `task_type = \"{value}\"`");
        return Err(Error::new(literal.span(), message));
    }
    // `crate` is a keyword.
    input.call(Ident::parse_any)
}

/// `= <expr>`, behind the name of an argument.
fn value(name: &Ident, input: ParseStream<'_>) -> Result<Expr> {
    let (shown, at) = (name.to_string(), name.span());
    if input.parse::<Option<Token![=]>>()?.is_none() {
        return Err(no_value(&shown, at));
    }
    value_of(&shown, at, input)
}

fn task_type(name: &Ident, input: ParseStream<'_>) -> Result<Expr> {
    let value = value(name, input)?;
    match &value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) if text.value().is_empty() => {
            let message =
                "`task_type` is empty: it names the kind of work, as in `task_type = \"resize\"`";
            Err(Error::new(text.span(), message))
        }
        Expr::Lit(ExprLit {
            lit: Lit::Str(_), ..
        })
        | Expr::Path(_) => Ok(value),
        other => Err(Error::new_spanned(
            other,
            "`task_type` takes a string literal or the path of a constant, as in `task_type = \"resize\"`",
        )),
    }
}

fn job_id(name: &Ident, input: ParseStream<'_>) -> Result<JobIdArg> {
    match value(name, input)? {
        Expr::Path(path) if path.path.is_ident("new") => Ok(JobIdArg::New),
        value => Ok(JobIdArg::Of(value)),
    }
}

/// `err`, `err(Display)`, `err(Debug)` or `err(chain)`.
fn err_style(input: ParseStream<'_>) -> Result<ErrStyle> {
    if !input.peek(syn::token::Paren) {
        return Ok(ErrStyle::Display);
    }
    let content;
    parenthesized!(content in input);
    let style: Ident = content.parse()?;
    match style.to_string().as_str() {
        "Display" => Ok(ErrStyle::Display),
        "Debug" => Ok(ErrStyle::Debug),
        "chain" => Ok(ErrStyle::Chain),
        _ => Err(Error::new(
            style.span(),
            format!(
                "`err` does not know `{style}`: it takes `Display`, the default, `Debug`, or `chain`, which adds what caused it"
            ),
        )),
    }
}

fn unknown(name: &Ident) -> Error {
    let meant = did_you_mean(&name.to_string(), ARGUMENTS.iter().copied());
    let separator = if meant.is_empty() { ";" } else { "" };
    let arguments = listed(ARGUMENTS);
    let message =
        format!("unknown argument `{name}`{meant}{separator} the arguments are {arguments}");
    Error::new(name.span(), message)
}

/// Without `skip` and `skip_all`, which do nothing.
const ARGUMENTS: &[&str] = &[
    "task_type",
    "job_id",
    "attempt",
    "max_attempts",
    "parent",
    "fields",
    "ret",
    "err",
    "timeout",
    "heartbeat",
    "crate",
];
