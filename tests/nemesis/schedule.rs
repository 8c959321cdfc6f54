//! What is to go wrong and when: a list that follows from a seed, and any part of it.

use std::fmt;
use std::time::Duration;

use support::{Commands, End, Way};

use crate::producer::Order;
use crate::random::Random;

/// One thing that goes wrong for a while.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) number: usize,
    /// From the beginning on.
    pub(crate) at: Duration,
    pub(crate) lasts: Duration,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Wire(usize, Wire),
    Server(Server),
    Process(usize, Process),
}

/// What happens to the network before one producer, or before the readers.
#[derive(Debug, Clone)]
pub(crate) enum Wire {
    Cut(End),
    CutAfter(Way, usize, End),
    Hold(Way),
    /// What the old connection was asked comes when another one is there.
    Late,
    Swallow(Way),
    HalfClose(Way),
    Insert(Way, Vec<u8>),
    /// Whoever comes gets this for an answer.
    Garbage(Vec<u8>),
    Shut,
    Silent,
    Delay(Duration),
    Drip(u32),
}

#[derive(Debug, Clone)]
pub(crate) enum Server {
    Crash,
    Freeze,
    KillConnections,
    Pause(Commands),
    Fill,
    Deny(&'static str),
    Demote,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Process {
    Kill,
    /// Killed, and what it had sent comes when others have missed it.
    LastWords,
    Freeze,
    Told(Order),
}

/// How much of what there is.
#[derive(Debug, Clone)]
pub(crate) struct Extent {
    pub(crate) seed: u64,
    pub(crate) lasts: Duration,
    pub(crate) producers: usize,
    /// Only faults of these numbers; all where it is not said. The others keep their time.
    pub(crate) only: Option<Vec<usize>>,
}

/// Three lists, each of faults that follow upon one another: of the network, of the server and of
/// processes. What is in two of them comes together.
pub(crate) fn faults(of: &Extent) -> Vec<Vec<Fault>> {
    let mut number = 0;
    let mut lists: Vec<Vec<_>> = [(1, 400), (2, 900), (3, 1500)]
        .into_iter()
        .map(|(part, rest)| list(of, part, rest, &mut number))
        .collect();
    if let Some(only) = &of.only {
        for list in &mut lists {
            list.retain(|fault| only.contains(&fault.number));
        }
    }
    lists
}

fn list(of: &Extent, part: u64, rest: u64, number: &mut usize) -> Vec<Fault> {
    let mut random = Random::of(of.seed, part);
    let mut faults = Vec::new();
    let mut at = Duration::from_millis(300);
    loop {
        let lasts = match random.within(0..100) {
            0..70 => random.within(20..400),
            70..95 => random.within(400..1500),
            // Longer than an answer is waited for.
            _ => random.within(5200..7500),
        };
        let lasts = Duration::from_millis(lasts);
        let what = match part {
            1 => What::Wire(
                random.within(0..of.producers as u64 + 1) as usize,
                wire(&mut random),
            ),
            2 => What::Server(server(&mut random)),
            _ => What::Process(
                random.within(0..of.producers as u64) as usize,
                process(&mut random),
            ),
        };
        // Long enough for its runs to be declared lost, sometimes.
        let lasts = match what {
            What::Process(_, Process::Freeze | Process::LastWords) => {
                lasts + Duration::from_millis(random.within(0..4000))
            }
            _ => lasts,
        };
        if at + lasts > of.lasts {
            return faults;
        }
        faults.push(Fault {
            number: *number,
            at,
            lasts,
            what,
        });
        *number += 1;
        at += lasts + Duration::from_millis(random.within(rest / 10..rest));
    }
}

fn wire(random: &mut Random) -> Wire {
    let way = random.pick(&[Way::ToServer, Way::ToClient]);
    let end = random.pick(&[End::Fin, End::Reset]);
    match random.within(0..14) {
        0 => Wire::Cut(end),
        // Within the first request, within a batch, anywhere.
        1..=3 => Wire::CutAfter(way, random.within(0..600) as usize, end),
        4 => Wire::CutAfter(way, random.within(0..60_000) as usize, end),
        5 => Wire::Hold(way),
        6..=7 => Wire::Late,
        8 => Wire::Swallow(way),
        9 => Wire::HalfClose(way),
        10 => Wire::Insert(Way::ToClient, random.pick(&GARBAGE).to_vec()),
        11 => Wire::Garbage(random.pick(&GARBAGE).to_vec()),
        12 => random.pick(&[Wire::Shut, Wire::Silent]),
        _ => match random.within(0..2) {
            0 => Wire::Delay(Duration::from_millis(random.within(5..100))),
            _ => Wire::Drip(random.within(100..20_000) as u32),
        },
    }
}

fn server(random: &mut Random) -> Server {
    match random.within(0..12) {
        0..=2 => Server::Crash,
        3..=4 => Server::Freeze,
        5..=6 => Server::KillConnections,
        7 => Server::Pause(Commands::Write),
        8 => Server::Pause(Commands::All),
        9 => Server::Fill,
        10 => Server::Deny(random.pick(&["multi", "xadd", "expire"])),
        _ => Server::Demote,
    }
}

fn process(random: &mut Random) -> Process {
    match random.within(0..8) {
        0..=1 => Process::Kill,
        2 => Process::LastWords,
        3..=4 => Process::Freeze,
        5 => Process::Told(Order::Exit),
        6 => Process::Told(Order::Abort),
        _ => Process::Told(Order::Finish),
    }
}

/// What is no answer, the beginning of one that never ends, and one that nobody asked for.
const GARBAGE: [&[u8]; 5] = [
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"$999999999\r\nxxx",
    b"*2147483647\r\n",
    b"\0\xff\x7f",
    b"+OK\r\n",
];

impl Fault {
    /// How often a client may connect because of it: when it comes and when it has gone; while nobody is
    /// let in, after waits that are doubled; and again where no answer comes in time, or where a
    /// connection that has had answers is cut.
    pub(crate) fn connections(&self) -> usize {
        let seconds = self.lasts.as_secs_f64();
        let more = match &self.what {
            What::Server(Server::KillConnections) => seconds / 0.05,
            What::Wire(_, Wire::Cut(_) | Wire::CutAfter(..) | Wire::Late | Wire::HalfClose(_))
            | What::Process(..) => 0.0,
            What::Wire(_, Wire::Hold(_) | Wire::Swallow(_) | Wire::Delay(_) | Wire::Drip(_)) => {
                seconds / 5.0
            }
            _ => (1.0 + seconds / 0.05).log2(),
        };
        2 + more.ceil() as usize
    }

    /// Whether this producer may notice it.
    pub(crate) fn meets(&self, producer: usize) -> bool {
        match self.what {
            What::Wire(at, _) | What::Process(at, _) => at == producer,
            What::Server(_) => true,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            number,
            at,
            lasts,
            what,
        } = self;
        write!(f, "{number} at {at:.2?} for {lasts:.2?}: {what:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(seed: u64, only: Option<Vec<usize>>) -> Vec<String> {
        let lasts = Duration::from_secs(60);
        let lists = faults(&Extent {
            seed,
            lasts,
            producers: 3,
            only,
        });
        let faults = lists.into_iter().flatten();
        faults.map(|fault| fault.to_string()).collect()
    }

    #[test]
    fn a_seed_says_what_goes_wrong_and_a_part_of_it_keeps_its_time() {
        let all = shown(1, None);
        assert_eq!(all, shown(1, None));
        assert_ne!(all, shown(2, None));
        assert!(all.len() > 60, "{}", all.len());
        let part = shown(1, Some(vec![3, 40]));
        assert_eq!(part, [all[3].clone(), all[40].clone()]);
    }
}
