//! Pages of many streams, each from the server that has it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::super::super::{BoxFuture, Class, Connection, Fault, Page, Wanted};
use super::super::Link;
use super::nodes::Nodes;
use super::spread::{Errand, spread};

pub(super) struct Pages;

impl Errand for Pages {
    type Item = Wanted;
    type Answer = Page;

    fn key(wanted: &Wanted) -> &str {
        &wanted.key
    }

    fn ask(link: &Link, wanted: Vec<Wanted>) -> BoxFuture<'static, Result<Vec<Page>, Fault>> {
        link.pages(&wanted)
    }

    fn refusal(page: &Page) -> Option<&Fault> {
        page.as_ref().err()
    }

    fn refused(_: &Wanted, fault: &Fault) -> Page {
        Err(fault.clone())
    }

    fn unsent() -> Class {
        Class::Away
    }

    fn time(_: &[Wanted]) -> Option<Duration> {
        None
    }
}

/// Waits for an entry of any of these, and names those that have some. No server waits for streams of
/// several slots at once, so each is looked at, time and again.
pub(super) async fn news(
    nodes: Arc<Nodes>,
    wanted: Vec<Wanted>,
    wait: Duration,
) -> Result<Vec<Arc<str>>, Fault> {
    let first = |wanted: Wanted| Wanted { count: 1, ..wanted };
    let wanted: Vec<_> = wanted.into_iter().map(first).collect();
    let until = Instant::now() + wait;
    loop {
        let pages = spread::<Pages>(&nodes, wanted.clone()).await?;
        let has_some = |page: &Page| match page {
            Ok(entries) => !entries.is_empty(),
            // It is read by itself, which says why.
            Err(fault) => !matches!(fault.class, Class::Away | Class::Later),
        };
        let found = pages.iter().zip(&wanted).filter(|(page, _)| has_some(page));
        let found: Vec<_> = found.map(|(_, wanted)| Arc::clone(&wanted.key)).collect();
        let now = Instant::now();
        if !found.is_empty() || now >= until {
            return Ok(found);
        }
        sleep(LOOK.min(until - now)).await;
    }
}

const LOOK: Duration = Duration::from_millis(100);
