//! `publish!` with sigils, `?` and `.await` inside, in a future that stays `Send`.
#![deny(warnings)]
use std::future::ready;
use stream_events::publish;

#[derive(Debug)]
struct Opaque;

async fn domain(
    job: &str,
    outline: Vec<String>,
    kind: String,
) -> Result<(), std::num::ParseIntError> {
    let path = "a/b";
    publish!("outline_generated", outline = &outline);
    publish!("bare", outline, %path, ?job, user = %path, opaque = ?Opaque,);
    publish!("tried", number = "3".parse::<u8>()?, text = job);
    publish!("awaited", number = ready(3).await, text = %ready(path).await, "dotted.key" = 1, a.b = 2);
    publish!(kind, n = 1);
    publish!(format!("{kind}_done"));
    publish!(KIND);
    publish!("raw", type = "keyword", r#mod = 3, sum = 1 + 2, range = (0..3).len());
    let () = publish!("an expression");
    match outline.len() {
        0 => publish!("none"),
        _ => publish!("some", first = outline[0]),
    }
    Ok(())
}

const KIND: &str = "constant";

fn assert_send<T: Send>(_: T) {}

#[test]
fn main() {
    assert_send(domain("a", vec![], String::new()));
}
