//! `progress!` with the message first, tracing's order, positional and named arguments.
#![deny(warnings)]
use stream_events::progress;

#[derive(Debug)]
struct Options {
    depth: u32,
}

#[test]
fn main() {
    let (n, total, path, width) = (3_u64, 4_u64, "a/b", 8);
    let step = String::from("parse");
    let options = Options { depth: 1 };
    progress!("plain");
    progress!("trailing comma",);
    progress!("analysing {path}", step = "analysis", percent = 10);
    progress!(step = "analysis", percent = 10, "analysing {path}");
    progress!(step, percent = 2.5, %path, ?options, "tracing's order {n}");
    progress!("Parsed {}", n);
    progress!("Parsed {} of {}", n, total, step = step, current = n, total);
    progress!("Parsed {0} of {1}, {0}", n, n + total, %path, file = %path, opts = ?options);
    progress!("{n:>width$} {:>1$} {:.*} {{literal}}", n, 4, 0.5, n);
    progress!(
        "{total} {x:?} {y}",
        x = options.depth,
        y = path.len(),
        total = total,
        z = 3
    );
    progress!(
        "{current}/{total}",
        current = n.pow(2),
        total = n + total,
        percent = 50
    );
    progress!(
        r#"raw "{path}""#,
        path.len = path.len(),
        "dotted.key" = true,
        options.depth
    );
    let (counted, failed) = (&n, std::io::Error::other("e"));
    let failed: &(dyn std::error::Error + 'static) = &failed;
    progress!(
        "borrowed, and not moved",
        rows = *counted,
        sum = n + *counted,
        negative = -1,
        step,
        failed,
        none = None::<&str>,
        head = %path[..1],
        opts = ?&options
    );
    drop(step);
    let () = progress!("an expression");
    let _unit: () = match n {
        0 => progress!("zero"),
        _ => progress!("more"),
    };
    progress!(
        "{} {error}",
        path == "a",
        error = "an argument only",
        r#type = 3
    );
}
