//! What the macros of progress expand to, and refuse.

use super::{event, expand_event, expand_span};
use crate::errors::messages;
use proc_macro2::TokenStream;
use quote::quote;

fn expanded(written: TokenStream) -> String {
    expand_event(&quote!([k] #written).into())
        .expect("valid")
        .to_string()
}

fn errors(written: TokenStream) -> Vec<String> {
    messages(expand_event(&quote!([k] #written).into()).expect_err("a mistake"))
}

fn event_of(fields: TokenStream, format: TokenStream) -> String {
    quote! {
        k::__private::tracing::event!(
            target: k::__private::PROGRESS_TARGET,
            k::__private::tracing::Level::INFO,
            { #fields },
            #format
        )
    }
    .to_string()
}

/// What is worked out only where somebody listens.
fn heard(tokens: &str) -> String {
    let is_heard = quote! {
        k::__private::tracing::event_enabled!(
            target: k::__private::PROGRESS_TARGET,
            k::__private::tracing::Level::INFO
        )
    };
    format!("if {is_heard} {{ {tokens} }} else {{ }}")
}

#[test]
fn message_first_or_last() {
    let expected = event_of(
        quote!(
            "step" = "analysis",
            "percent" = *k::__private::percent(&10),
            "x" = k::__private::displayed(&x),
            "o" = k::__private::debugged(&opts),
            "path.len" = *k::__private::recorded(&n)
        ),
        quote!("analysing {x}"),
    );
    assert_eq!(
        expanded(
            quote!("analysing {x}", step = "analysis", percent = 10, %x, o = ?opts, path.len = n)
        ),
        expected
    );
    assert_eq!(
        expanded(
            quote!(step = "analysis", percent = 10, %x, o = ?opts, path.len = n, "analysing {x}",)
        ),
        expected
    );
    assert_eq!(
        expanded(quote!("plain")),
        event_of(quote!(), quote!("plain"))
    );
}

#[test]
fn arguments_are_told_from_fields() {
    for (written, fields, format) in [
        (
            quote!("{} {1}", n + 1, "b", c, step = "x"),
            quote!("c" = *k::__private::recorded(&c), "step" = "x"),
            quote!("{} {1}", n + 1, "b"),
        ),
        (
            quote!("{x} {y:?}", x = a, y = b(), z = c),
            quote!("z" = *k::__private::recorded(&c)),
            quote!("{x} {y:?}", x = a, y = b()),
        ),
        (
            quote!("{n}", n),
            quote!("n" = *k::__private::recorded(&n)),
            quote!("{n}"),
        ),
        (quote!("{}", a == b), quote!(), quote!("{}", a == b)),
        (
            quote!(n, "{}", m),
            quote!("n" = *k::__private::recorded(&n)),
            quote!("{}", m),
        ),
        // A reserved name is no key where it is only an argument.
        (
            quote!("{error}", error = e),
            quote!(),
            quote!("{error}", error = e),
        ),
    ] {
        assert_eq!(expanded(written), event_of(fields, format));
    }
}

#[test]
fn both_argument_and_field() {
    assert_eq!(
        expanded(quote!("{current}/{total}", current = i, total = 3)),
        event_of(
            quote!(
                "current" = *k::__private::count(&i),
                "total" = *k::__private::count(&3)
            ),
            quote!("{current}/{total}", current = i, total = 3)
        )
    );
    let event = event_of(
        quote!(
            "total" = *k::__private::count(&*bound_0),
            "x" = k::__private::displayed(&*bound_1)
        ),
        quote!("{total} {x}", total = *bound_0, x = *bound_1),
    );
    assert_eq!(
        expanded(quote!("{total} {x}", total = next(), x = %y())),
        heard(&format!(
            "match (& next ()) {{ bound_0 => match (& y ()) {{ bound_1 => {event} }} }}"
        ))
    );
}

/// They would mean functions of tracing's inside of its macros.
#[test]
fn names_that_tracing_shadows_are_bound_before() {
    let event = event_of(
        quote!("debug" = *k::__private::recorded(&*bound_2)),
        quote!("{display} {}", *bound_0, display = *bound_1),
    );
    assert_eq!(
        expanded(quote!("{display} {}", f(debug) + 1, debug)),
        heard(&format!(
            "match (& (f (debug) + 1)) {{ bound_0 => match (& display) {{ bound_1 => match (& debug) {{ bound_2 => {event} }} }} }}"
        ))
    );
}

#[test]
fn span_declares_what_is_recorded_later() {
    let span = expand_span(&quote!([k] "page {}", n, total = 3, file).into()).expect("valid");
    let expected = quote! {
        k::__private::tracing::span!(
            target: k::__private::PROGRESS_TARGET,
            k::__private::tracing::Level::INFO,
            "progress",
            "message" = k::__private::format_args!("page {}", n),
            "total" = *k::__private::count(&3),
            "file" = *k::__private::recorded(&file),
            "step" = k::__private::tracing::field::Empty,
            "current" = k::__private::tracing::field::Empty,
            "percent" = k::__private::tracing::field::Empty,
        )
    };
    assert_eq!(span.to_string(), expected.to_string());
}

#[test]
fn message_is_needed() {
    let needed = "progress! needs a message, as in progress!(\"analysing the request\")";
    assert_eq!(errors(quote!()), [needed]);
    assert_eq!(errors(quote!(percent = 3)), [needed]);
    let span = expand_span(&quote!([k] total = 3).into()).expect_err("a mistake");
    assert!(
        span.to_string()
            .starts_with("progress_span! needs a message, as in progress_span!(")
    );
}

#[test]
fn keys_are_checked() {
    let errors = errors(quote!(
        "m",
        seq = 1,
        step = "a",
        step = "b",
        message = 3,
        n + 1
    ));
    assert_eq!(errors[0], "this value needs a name: write `name = <expr>`");
    assert!(
        errors[1].starts_with("`seq` is written by stream-events itself: choose another name;")
    );
    assert_eq!(errors[2], "the field `step` is given twice");
    assert_eq!(
        errors[3],
        "`message` is the string literal itself: choose another name"
    );
}

#[test]
fn numbers_are_numbers() {
    let errors = errors(quote!("m", %percent, current = ?n, total = 3));
    assert_eq!(
        errors,
        [
            "`percent` is a number, and a sigil makes it a text: write `percent = <expr>`",
            "`current` is a number, and a sigil makes it a text: write `current = <expr>`",
        ]
    );
    for (percent, is_one) in [
        (quote!(0), true),
        (quote!(100), true),
        (quote!(33.3_f32), true),
        (quote!(n - 300), true),
        (quote!(101), false),
        (quote!(-1), false),
        (quote!(100.5), false),
    ] {
        let expanded = expand_event(&quote!([k] "m", percent = #percent).into());
        assert_eq!(expanded.is_ok(), is_one, "{percent}");
    }
}

#[test]
fn errors_are_an_expression() {
    let emitted = event(&quote!([k]).into()).to_string();
    assert!(
        emitted.starts_with("{ :: core :: compile_error ! {"),
        "{emitted}"
    );
}
