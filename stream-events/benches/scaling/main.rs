//! The figures of `docs/SCALING.md`: what an event, a job and a watch cost a server, a cluster of three masters
//! and their clients on this machine, and what that comes to for more of them. It starts all that it needs.
//!
//! `-- --model FILE` measures nothing, and calculates from the figures and the loads of that page.
#![allow(clippy::unwrap_used)]

mod figures;
mod list;
mod measure;
mod model;
#[path = "../pipeline/part.rs"]
#[expect(dead_code, reason = "`pipeline` has more of it")]
mod part;
mod played;
mod publish;
mod servers;
mod slots;
mod watch;

use std::fs;
use std::time::Instant;

use figures::Figures;
use part::Part;
use servers::Servers;

/// What a process of its own does, by its name.
const PARTS: &[(&str, Part)] = &[
    ("bulk", publish::bulk),
    ("paced", publish::paced),
    ("leases", publish::leases),
    ("write", publish::write),
    ("watch", watch::part),
];

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if part::is_one(&arguments, PARTS) {
        return;
    }
    // As they are shown, rounded: so that whoever has the page comes to the same.
    let (loads, figures) = match arguments.iter().position(|argument| argument == "--model") {
        Some(at) => {
            let page = fs::read_to_string(&arguments[at + 1]).unwrap();
            let figures = Figures::read(&page);
            (model::loads_of(&page, &figures), figures)
        }
        None => {
            let figures = Figures::read(&measured());
            (model::loads(&figures), figures)
        }
    };
    println!("{loads}\n\n{}", model::sizes(&figures));
}

fn measured() -> String {
    let begun = Instant::now();
    let mut one = measure::of(&Servers::one());
    one.extend(measure::kept());
    let servers = Servers::cluster();
    let mut cluster = measure::of(&servers);
    cluster.extend(measure::of_cluster(&servers));
    let page = format!("{}\n\n{}", list::measured(&one, &cluster), list::ASSUMED);
    println!("{page}\n\nin {} s\n", begun.elapsed().as_secs());
    page
}
