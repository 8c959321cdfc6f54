//! What a job starts with: its task type, its id and the fields that were asked for.

use crate::args::{Args, JobIdArg};
use crate::errors::Errors;
use crate::field::{Field, borrowed};
use crate::job_fn::JobFn;
use crate::names::{did_you_mean, listed};
use crate::shape::Shape;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Attribute, Expr, Path, parse_quote};

/// The statements that work out what the run starts with, before the job runs: so what an expression in
/// them borrows or locks is free again then. Incomplete only where a mistake was reported.
pub(crate) fn statements(
    args: &Args,
    job_fn: &JobFn,
    krate: &Path,
    errors: &mut Errors,
) -> TokenStream {
    check_fields(args, job_fn, errors);
    let task_type = task_type(args, job_fn, errors);
    let start = if matches!(args.job_id, JobIdArg::New) {
        quote!(#krate::__private::start_new(#task_type))
    } else {
        let job_id = job_id(args, job_fn, errors).as_ref().map(borrowed);
        quote!(#krate::__private::start(#task_type, #job_id))
    };
    if matches!(job_fn.shape, Shape::Never) {
        args.times().for_each(|time| errors.push(time.refused()));
    }
    let started = started();
    let rest = rest(args, krate);
    // A field whose argument may be gone is a statement of its own, which goes with it.
    let mut statements = vec![(Vec::new(), quote!(#start #rest))];
    for field in &args.fields {
        let call = field.builder_call();
        for condition in conditions(field, job_fn) {
            match statements.last_mut() {
                Some((last, chain)) if last.is_empty() && condition.is_empty() => {
                    chain.extend(call.clone())
                }
                _ => statements.push((condition, quote!(#started #call))),
            }
        }
    }
    let statements = statements
        .iter()
        .map(|(condition, chain)| quote!(#(#condition)* let #started = #chain;));
    statements.collect()
}

/// What a start has beside its fields.
fn rest(args: &Args, krate: &Path) -> TokenStream {
    let mut calls = args.origin.builder_calls();
    calls.extend(args.times().map(|time| time.start_call(krate)));
    calls
}

/// What holds the start. The user's code cannot see the name.
pub(crate) fn started() -> Ident {
    Ident::new("started", Span::mixed_site())
}

/// When a field is there: once without a condition, or once for each argument of its name.
fn conditions<'a>(field: &Field, job_fn: &'a JobFn) -> Vec<Vec<&'a Attribute>> {
    let conditions = field.variable.as_ref().map(|name| job_fn.conditions(name));
    conditions
        .filter(|conditions| conditions.iter().all(|condition| !condition.is_empty()))
        .unwrap_or_else(|| vec![Vec::new()])
}

fn task_type(args: &Args, job_fn: &JobFn, errors: &mut Errors) -> Option<Expr> {
    if !args.was_given("task_type") {
        let name = &job_fn.sig.ident;
        let message = format!("missing argument `task_type`, as in `task_type = \"{name}\"`");
        errors.at(Span::call_site(), message);
    }
    args.task_type.clone()
}

fn job_id(args: &Args, job_fn: &JobFn, errors: &mut Errors) -> Option<Expr> {
    if let JobIdArg::Of(value) = &args.job_id {
        return Some(value.clone());
    }
    let names = job_fn.argument_names();
    if let Some(named) = names.iter().find(|name| *name == "job_id") {
        return Some(parse_quote!(#named));
    }
    // A malformed one has been reported.
    if !args.was_given("job_id") {
        let arguments = arguments(&names);
        let message = format!(
            "no argument is named `job_id`: write `job_id = <expr>`, or `job_id = new` for a fresh id; {arguments}"
        );
        errors.at(job_fn.sig.ident.span(), message);
    }
    None
}

/// A bare field names an argument; `key = <expr>` may be anything.
fn check_fields(args: &Args, job_fn: &JobFn, errors: &mut Errors) {
    let names = job_fn.argument_names();
    for variable in args
        .fields
        .iter()
        .filter_map(|field| field.variable.as_ref())
    {
        if names.contains(variable) || variable == "self" {
            continue;
        }
        let texts: Vec<_> = names.iter().map(Ident::to_string).collect();
        let meant = did_you_mean(&variable.to_string(), texts.iter().map(String::as_str));
        let separator = if meant.is_empty() { ";" } else { "" };
        let arguments = arguments(&names);
        errors.at(
            variable.span(),
            format!("`{variable}` is not an argument of this fn{meant}{separator} {arguments}"),
        );
    }
}

fn arguments(names: &[Ident]) -> String {
    if names.is_empty() {
        return "it has no arguments".to_owned();
    }
    let is_hidden = |name: &&Ident| name.to_string().starts_with(HIDES_A_PATTERN);
    let shown = listed(names.iter().filter(|name| !is_hidden(name)));
    if names.iter().any(|name| is_hidden(&name)) {
        return format!(
            "the arguments are {shown}, and patterns that `#[async_trait]` hides: bind those to plain names"
        );
    }
    format!("the arguments are {shown}")
}

/// What `#[async_trait]` calls an argument that is a pattern; it takes it apart where nobody sees.
const HIDES_A_PATTERN: &str = "__arg";

#[cfg(test)]
mod tests {
    use crate::errors::messages;
    use crate::expand::expand;
    use proc_macro2::TokenStream;
    use quote::quote;

    fn errors(args: TokenStream, item: TokenStream) -> Vec<String> {
        messages(expand(args, item).expect_err("a mistake"))
    }

    #[test]
    fn missing_arguments() {
        assert_eq!(
            errors(
                quote!(),
                quote!(
                    async fn resize(&self, image: Image) {}
                )
            ),
            [
                "missing argument `task_type`, as in `task_type = \"resize\"`",
                "no argument is named `job_id`: write `job_id = <expr>`, or `job_id = new` for a fresh id; the arguments are `self`, `image`",
            ]
        );
        let no_arguments = errors(
            quote!(task_type = "a"),
            quote!(
                async fn f() {}
            ),
        );
        assert!(no_arguments[0].ends_with("for a fresh id; it has no arguments"));
        let hidden = errors(
            quote!(task_type = "a"),
            quote!(
                fn f(&self, __arg1: Path<u8>) {}
            ),
        );
        assert!(
            hidden[0].ends_with("the arguments are `self`, and patterns that `#[async_trait]` hides: bind those to plain names"),
            "{}",
            hidden[0]
        );
    }

    #[test]
    fn bare_fields_are_arguments() {
        assert_eq!(
            errors(
                quote!(task_type = "a", fields(imag, %other.x, self, job_id2 = whatever)),
                quote!(
                    async fn f(&self, job_id: u8, image: Image) {}
                )
            ),
            [
                "`imag` is not an argument of this fn, did you mean `image`? the arguments are `self`, `job_id`, `image`",
                "`other` is not an argument of this fn; the arguments are `self`, `job_id`, `image`",
            ]
        );
    }

    #[test]
    fn malformed_arguments_are_not_missing() {
        assert_eq!(
            errors(
                quote!(task_type = "", job_id = ),
                quote!(
                    const fn f() {}
                )
            ),
            [
                "`task_type` is empty: it names the kind of work, as in `task_type = \"resize\"`",
                "`job_id` needs a value: write `job_id = <expr>`",
                "#[job_events] cannot go on a const fn: the compiler may run it, and there are no jobs there",
            ]
        );
        let errors = errors(
            quote!(task_type = ""),
            quote!(
                async fn f(job_id: u8) {}
            ),
        );
        assert_eq!(
            errors,
            ["`task_type` is empty: it names the kind of work, as in `task_type = \"resize\"`"]
        );
    }
}
