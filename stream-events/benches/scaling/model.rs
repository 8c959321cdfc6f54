//! What a load comes to where it lies, by the figures of one event, one job and one watch, and which limit is
//! reached first. Nothing is measured here.

use super::figures::{Figures, number};
use super::slots;

/// Publishers, servers and hubs, and how long streams are kept.
#[derive(Debug, Clone, Copy)]
struct Load {
    processes: f64,
    masters: usize,
    hubs: f64,
    hours: f64,
}

/// Those that are shown: as shipped; with streams that are kept for an hour, at last for one tenant of ten; and with
/// a hub in each process.
const LOADS: &[Load] = &[
    load(1, 1, 1, 24.0),
    load(10, 1, 1, 24.0),
    load(1000, 10, 10, 24.0),
    load(1, 1, 1, 1.0),
    load(10, 1, 1, 1.0),
    load(10, 10, 1, 1.0),
    load(1000, 1, 10, 1.0),
    load(1000, 10, 10, 1.0),
    load(1000, 100, 10, 1.0),
    load(1000, 1000, 10, 1.0),
    load(100, 10, 1, 1.0),
    load(1000, 100, 1000, 1.0),
    load(1000, 1000, 1000, 1.0),
];

const fn load(processes: u32, masters: usize, hubs: u32, hours: f64) -> Load {
    Load {
        processes: processes as f64,
        masters,
        hubs: hubs as f64,
        hours,
    }
}

/// Of the busiest master, of one publisher's worker, and of one hub.
struct Use {
    jobs: f64,
    events: f64,
    watches: f64,
    /// Of a processor.
    cpu: f64,
    gib: f64,
    mb: f64,
    connections: f64,
    publisher: f64,
    hub: f64,
}

/// The part of all jobs that the busiest master has.
fn share(load: &Load, figures: &Figures) -> f64 {
    let figure = |name| figures.of(name, false);
    let at_work = load.processes * figure("process_jobs") * figure("job_seconds");
    slots::of_jobs(at_work as usize, load.masters) / load.masters as f64
}

impl Use {
    /// At so many times the load, of which this share is on one master.
    fn of(load: &Load, share: f64, times: f64, figures: &Figures) -> Self {
        let is_cluster = load.masters > 1;
        let figure = |name: &str| figures.of(name, is_cluster);
        let us = |name: &str| figures.of(name, is_cluster) / 1e6;
        let jobs = load.processes * figure("process_jobs") * times;
        let events = jobs * figure("job_events");
        let at_work = jobs * figure("job_seconds");
        let watches = at_work * figure("job_watches");
        let masters = load.masters as f64;
        let index = if is_cluster {
            slots::of_shards(figure("shards") as usize, load.masters) / masters
        } else {
            1.0
        };
        // A request has more than one event where they come faster than the worker looks for them.
        let looks = figure("worker_looks") * masters * load.processes;
        let alone = (looks / events).min(1.0);
        let mixed = |side: &str| {
            let bulk = us(&format!("event_bulk_{side}_us"));
            bulk + (us(&format!("event_alone_{side}_us")) - bulk) * alone
        };
        let kept = (us("event_kept_server_us") - figures.of("event_alone_server_us", false) / 1e6)
            .max(0.0);
        let read = events * figure("job_watches");
        let renewals = at_work / figure("renewal_seconds");
        let cpu = events * share * (mixed("server") + kept)
            + jobs * share.max(index) * us("job_server_us")
            + renewals * index * us("lease_server_us")
            + read * share * us("hub_event_server_us")
            + events * share * load.hubs * us("news_server_us");
        let standing = jobs * (load.hours * 3600.0 + figure("job_seconds")) * share;
        let connections = load.processes * figure("publisher_connections")
            / nodes(&figure, is_cluster)
            + load.hubs * figure("hub_connections") / nodes(&figure, is_cluster);
        let bytes = standing * (figure("job_bytes") + figure("job_events") * figure("event_bytes"))
            + at_work * index * figure("lease_bytes")
            + connections * figure("connection_bytes");
        let enters = events * share * figure("event_in_bytes")
            + jobs * share.max(index) * figure("job_in_bytes");
        let leaves = events
            * share
            * (figure("event_out_bytes") + figure("replicas") * figure("replica_event_bytes"))
            + read * share * figure("hub_event_out_bytes")
            + events * share * load.hubs * figure("news_out_bytes");
        Self {
            jobs,
            events,
            watches,
            cpu,
            gib: bytes / GIB,
            mb: (enters.max(leaves) + bus(load.masters, figures)) / 1e6,
            connections,
            publisher: us("awake_client_us")
                + events / load.processes * mixed("client")
                + jobs / load.processes * us("job_client_us"),
            hub: read / load.hubs * us("hub_event_client_us") + events * us("news_client_us"),
        }
    }

    /// The limit that is nearest, and how much of it is used.
    fn nearest(&self, figures: &Figures) -> (&'static str, f64) {
        let most = |name| figures.of(name, false);
        let limits = [
            ("a master's CPU", self.cpu / most("cpu_most")),
            ("a master's memory", self.gib / most("memory_most")),
            ("a master's network", self.mb / most("network_most")),
            (
                "a master's connections",
                self.connections / most("connections_most"),
            ),
            ("a publisher's CPU", self.publisher / most("cpu_most")),
            ("a hub's CPU", self.hub / most("cpu_most")),
        ];
        let nearest = limits
            .into_iter()
            .max_by(|one, other| one.1.total_cmp(&other.1));
        nearest.expect("there are some")
    }
}

/// Which limit is reached first as the load grows or shrinks, and at how many times what it is.
fn first(load: &Load, share: f64, figures: &Figures) -> (&'static str, f64) {
    let nearest =
        |exponent: f64| Use::of(load, share, 10_f64.powf(exponent), figures).nearest(figures);
    let (mut below, mut above) = (-4.0, 4.0);
    for _ in 0..HALVES {
        let middle = (below + above) / 2.0;
        if nearest(middle).1 < 1.0 {
            below = middle;
        } else {
            above = middle;
        }
    }
    (nearest(above).0, 10_f64.powf(below))
}

/// More than three digits ask for.
const HALVES: usize = 16;

/// How many servers those were that a process' connections were counted on.
fn nodes(figure: &impl Fn(&str) -> f64, is_cluster: bool) -> f64 {
    if is_cluster {
        figure("masters_measured")
    } else {
        1.0
    }
}

/// Bytes a second that a server sends to the others of its cluster, and as many that it gets: a ping to each
/// in half of the node timeout, a pong to each of theirs, with news of a tenth of all, and of three at least.
fn bus(masters: usize, figures: &Figures) -> f64 {
    if masters < 2 {
        return 0.0;
    }
    let figure = |name| figures.of(name, true);
    let nodes = masters as f64 * (1.0 + figure("replicas"));
    let message = figure("bus_header_bytes") + figure("bus_gossip_bytes") * (nodes / 10.0).max(3.0);
    2.0 * (nodes - 1.0) / (figure("node_timeout") / 2.0) * message
}

const GIB: f64 = (1_u64 << 30) as f64;

/// What each load comes to.
pub(crate) fn loads(figures: &Figures) -> String {
    what_comes_of(LOADS, figures)
}

/// What each load comes to that a page names, by the first four columns of its table.
pub(crate) fn loads_of(page: &str, figures: &Figures) -> String {
    let start = LOADS_HEAD.split_inclusive(" kept, h |").next();
    let is_head = |line: &&str| start.is_some_and(|start| line.starts_with(start));
    let rows = page.lines().skip_while(|line| !is_head(line)).skip(2);
    let rows = rows.map_while(|line| line.strip_prefix('|'));
    let named = |row: &str| {
        let mut cells = row.split('|').map(|cell| cell.trim().replace(',', ""));
        let mut next = || cells.next()?.parse().ok();
        Some(Load {
            processes: next()?,
            masters: next()? as usize,
            hubs: next()?,
            hours: next()?,
        })
    };
    let all = rows.map(|row| named(row).unwrap_or_else(|| panic!("`{row}` begins with no load")));
    what_comes_of(&all.collect::<Vec<_>>(), figures)
}

fn what_comes_of(loads: &[Load], figures: &Figures) -> String {
    let row = |load: &Load| {
        let share = share(load, figures);
        let used = Use::of(load, share, 1.0, figures);
        let (first, times) = first(load, share, figures);
        let cells = [
            number(load.processes),
            number(load.masters as f64),
            number(load.hubs),
            number(load.hours),
            number(used.jobs),
            number(used.events),
            number(used.watches),
            number(used.cpu * 100.0),
            number(used.gib),
            number(used.mb),
            number(used.connections),
            number(used.publisher * 100.0),
            number(used.hub * 100.0),
            first.to_owned(),
            number(times),
        ];
        format!("| {} |", cells.join(" | "))
    };
    table(LOADS_HEAD, loads.iter().map(row))
}

const LOADS_HEAD: &str = "| publishers | masters | hubs | kept, h | jobs/s | events/s | watches | CPU, % | memory, GiB | network, MB/s | connections | publisher, % | hub, % | first limit | at times this load |";

/// What a cluster's size costs by itself, with 1,000 processes.
pub(crate) fn sizes(figures: &Figures) -> String {
    let row = |masters: usize| {
        let slots =
            figures.of("slots_bytes", true) * masters as f64 * (1.0 + figures.of("replicas", true));
        let cells = [
            number(masters as f64),
            number(bus(masters, figures) / 1e3),
            number(slots / 1e3),
            number(PROCESSES * slots / 1e6),
            number(PROCESSES * masters as f64),
            number(slots::of_jobs(500, masters)),
            number(slots::of_jobs(50_000, masters)),
            number(
                slots::of_shards(figures.of("shards", true) as usize, masters)
                    * figures.of("shards", true)
                    / masters as f64,
            ),
        ];
        format!("| {} |", cells.join(" | "))
    };
    table(SIZES_HEAD, [3, 10, 100, 1000].into_iter().map(row))
}

const PROCESSES: f64 = 1000.0;
const SIZES_HEAD: &str = "| masters | bus of a server, KB/s each way | answer to CLUSTER SLOTS, KB | 1,000 processes that ask anew, MB | their connections, of all masters | busiest of 500 jobs | of 50,000 jobs | most shards on one |";

fn table(head: &str, rows: impl Iterator<Item = String>) -> String {
    let line = "|---".repeat(head.matches('|').count() - 1) + "|";
    let mut lines = vec![head.to_owned(), line];
    lines.extend(rows);
    lines.join("\n")
}
