//! What can be written, and what is said of mistakes.

use super::{Args, ErrStyle, JobIdArg, Ret};
use crate::errors::{Errors, messages};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

fn parse(tokens: TokenStream) -> (Args, Vec<String>) {
    let mut errors = Errors::default();
    let args = Args::parse(tokens, &mut errors);
    let messages = errors.check(Ok(())).err().map_or_else(Vec::new, messages);
    (args, messages)
}

fn errors(tokens: TokenStream) -> Vec<String> {
    parse(tokens).1
}

#[test]
fn all_arguments_in_any_order() {
    let (args, errors) = parse(quote! {
        ret, err(Debug), fields(a, %b), crate = ::my::events, skip(a, b), skip_all,
        job_id = input.id, task_type = tasks::RESIZE,
    });
    assert_eq!(errors, [""; 0]);
    assert!(args.ret == Ret::Whole && args.err == ErrStyle::Debug);
    assert_eq!(args.fields.len(), 2);
    assert_eq!(args.krate.to_token_stream().to_string(), ":: my :: events");
    assert!(matches!(args.job_id, JobIdArg::Of(_)));
    assert!(args.task_type.is_some());
}

#[test]
fn nothing_is_asked_for_by_default() {
    let (args, errors) = parse(quote!(task_type = "a", job_id = new, err));
    assert_eq!(errors, [""; 0]);
    assert!(args.ret == Ret::None && args.err == ErrStyle::Display && args.fields.is_empty());
    assert!(matches!(args.job_id, JobIdArg::New));
    assert!(matches!(parse(quote!()).0.job_id, JobIdArg::Named));
}

#[test]
fn unknown_and_duplicate_arguments() {
    assert_eq!(
        errors(quote!(taks_type = "a", ret, deadline = "10m", ret)),
        [
            "unknown argument `taks_type`, did you mean `task_type`? the arguments are `task_type`, `job_id`, `attempt`, `max_attempts`, `parent`, `fields`, `ret`, `err`, `timeout`, `heartbeat`, `crate`",
            "unknown argument `deadline`; the arguments are `task_type`, `job_id`, `attempt`, `max_attempts`, `parent`, `fields`, `ret`, `err`, `timeout`, `heartbeat`, `crate`",
            "the argument `ret` is given twice",
        ]
    );
}

#[test]
fn malformed_arguments() {
    assert_eq!(
        errors(quote!("resize", task_type = "", ret(Debug))),
        [
            "an argument needs its name: `task_type = \"resize\"`",
            "`task_type` is empty: it names the kind of work, as in `task_type = \"resize\"`",
            "`ret` does not know `Debug`: it takes `max`, the most bytes of a result: `ret(max = \"16 KiB\")`",
        ]
    );
    assert_eq!(
        errors(quote!(task_type = 3, err(Clone), job_id)),
        [
            "`task_type` takes a string literal or the path of a constant, as in `task_type = \"resize\"`",
            "`err` does not know `Clone`: it takes `Display`, the default, `Debug`, or `chain`, which adds what caused it",
            "`job_id` needs a value: write `job_id = <expr>`",
        ]
    );
    assert_eq!(
        errors(quote!(err(Debug, Display))),
        ["unexpected token, expected `)`"]
    );
}

#[test]
fn where_a_run_comes_from() {
    let calls = |tokens| {
        let (args, errors) = parse(tokens);
        assert_eq!(errors, [""; 0]);
        args.origin.builder_calls().to_string()
    };
    assert_eq!(calls(quote!(ret)), "");
    assert_eq!(
        calls(quote!(
            attempt = a + 1,
            max_attempts = MOST,
            parent = order.id
        )),
        quote!(.attempt(&(a + 1)).max_attempts(&MOST).parent(&order.id)).to_string()
    );
    assert_eq!(
        calls(quote!(parent = none)),
        quote!(.no_parent()).to_string()
    );
    assert_eq!(
        errors(quote!(parent = None)),
        [
            "`parent = none` is part of no other job; an `Option` that turns out to be `None` is part of the job in which this one is called"
        ]
    );
    assert_eq!(
        calls(quote!(parent = None::<u8>)),
        ". parent (& None :: < u8 >)"
    );
}

#[test]
fn most_attempts_of_no_attempt() {
    let message = "`max_attempts` needs `attempt`, or nothing tells which try is the last: `attempt = message.attempt, max_attempts = 3`";
    assert_eq!(errors(quote!(max_attempts = 3)), [message]);
    assert_eq!(
        errors(quote!(attempt = 0, max_attempts = 0_u8)),
        [
            "`0` is no attempt: they are counted from 1",
            "`0_u8` is no attempt: they are counted from 1"
        ]
    );
    assert_eq!(errors(quote!(attempt = 10, max_attempts = n)), [""; 0]);
    // It was there, and is what has to be mended.
    assert_eq!(
        errors(quote!(max_attempts = 3, attempt = )),
        ["`attempt` needs a value: write `attempt = <expr>`"]
    );
}

#[test]
fn times_have_a_unit_and_a_length() {
    assert_eq!(errors(quote!(timeout = "10m")), [""; 0]);
    assert_eq!(errors(quote!(timeout = LONG * 2)), [""; 0]);
    for nonsense in [quote!(10), quote!(1.5), quote!("10"), quote!("soon")] {
        let message = format!(
            "`{nonsense}` is no time: `timeout` takes one with its unit, as in `timeout = \"1m30s\"`, or a `Duration`; units are ms, s, m, h and d"
        );
        assert_eq!(errors(quote!(timeout = #nonsense)), [message]);
    }
    assert_eq!(
        errors(quote!(timeout = "0s")),
        ["`timeout` must not be zero; without one, leave it out"]
    );
    assert_eq!(
        errors(quote!(timeout = "1ms", heartbeat = "100ms")),
        [""; 0]
    );
    assert_eq!(
        errors(quote!(heartbeat = "99ms")),
        [
            "`\"99ms\"` is too short: `heartbeat` is 100ms at least, and a job that says more has something to say of its own"
        ]
    );
}

#[test]
fn field_names_are_checked() {
    let errors = errors(quote!(fields(seq, a, a = 1)));
    assert!(errors[0].starts_with("`seq` is written by stream-events itself:"));
    assert_eq!(errors[1], "the field `a` is given twice");
}
