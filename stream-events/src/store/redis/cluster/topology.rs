//! What is known of a cluster: which server has which slots, as the last that answered said.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, sleep_until, timeout};

use super::super::super::{Class, Fault, Purpose};
use super::super::faults::is_of_no_command;
use super::super::way::{self, Way};
use super::address::Address;
use super::map::Map;
use super::nodes::Nodes;

/// Shared by all connections to the cluster.
pub(super) struct Topology {
    pub(super) way: Way,
    seeds: Vec<Address>,
    known: Mutex<Known>,
    /// One asks at a time.
    asking: tokio::sync::Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Known {
    map: Arc<Map>,
    /// How often it has been asked for, and what came of it last.
    rounds: u64,
    outcome: Option<Result<(), Fault>>,
    /// Whether something has happened since that the map may not have.
    is_doubted: bool,
    /// Who is asked first.
    first: Option<Address>,
    /// Who is asked last, as what they said was of no use: the latest of them behind the others.
    last: Vec<Address>,
    /// What there was before: who is cut off may have forgotten the others.
    earlier: Vec<Address>,
    /// Which data each master had when it was heard last.
    epochs: HashMap<Address, String>,
}

impl Topology {
    pub(super) fn new(way: Way, seeds: Vec<Address>) -> Self {
        Self {
            way,
            seeds,
            known: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn map(&self) -> Arc<Map> {
        Arc::clone(&self.known().map)
    }

    /// Asks where nothing is known, or what is may be wrong.
    pub(super) async fn sure(self: &Arc<Self>) -> Result<(), Fault> {
        let is_sure = {
            let known = self.known();
            !known.is_doubted && matches!(known.outcome, Some(Ok(())))
        };
        match is_sure {
            true => Ok(()),
            false => self.refresh(&Weak::new()).await,
        }
    }

    /// Something has happened that the map may not have.
    pub(super) fn doubt(&self) {
        self.known().is_doubted = true;
    }

    /// A server says that another has this slot, and so is to be believed sooner than others who may not
    /// have heard of it.
    pub(super) fn moved(&self, slot: u16, to: &Address) {
        let mut known = self.known();
        if known.map.owner(slot) != Some(to) {
            Arc::make_mut(&mut known.map).moved(slot, to);
        }
        known.is_doubted = true;
        known.last.retain(|server| server != to);
        known.first = Some(to.clone());
    }

    /// A server does not serve what is said to be its own, or nobody is said to have a slot: whoever said so may
    /// be cut off from the others, and is asked after them.
    pub(super) fn mistrust(&self) {
        let mut known = self.known();
        known.is_doubted = true;
        if let Some(first) = known.first.take() {
            known.last.retain(|server| *server != first);
            known.last.push(first);
        }
    }

    /// This is the data that a server has; none where it does not tell.
    pub(super) fn heard(&self, server: &Address, epoch: Option<String>) {
        let epochs = &mut self.known().epochs;
        match epoch {
            Some(epoch) => epochs.insert(server.clone(), epoch),
            None => epochs.remove(server),
        };
    }

    /// The data of the masters, as far as they were ever heard.
    pub(super) fn epochs(&self) -> BTreeSet<String> {
        let known = self.known();
        let masters = known.map.masters().iter();
        masters
            .filter_map(|master| known.epochs.get(master).cloned())
            .collect()
    }

    /// Asks anew, unless another has just done so, on the links that are there. An error says that none of the
    /// servers answers. It goes on where who asks is polled no more, as a stream that nobody reads: others wait
    /// for what comes of it.
    pub(super) async fn refresh(self: &Arc<Self>, links: &Weak<Nodes>) -> Result<(), Fault> {
        let (topology, links) = (Arc::clone(self), Weak::clone(links));
        let refreshed = tokio::spawn(async move { topology.refreshed(&links).await });
        let ended = |_| Err(Fault::new(Class::Connection, "the runtime has ended"));
        refreshed.await.unwrap_or_else(ended)
    }

    async fn refreshed(&self, links: &Weak<Nodes>) -> Result<(), Fault> {
        let round = self.known().rounds;
        // Who asks may belong to a runtime that stands still.
        let mut asked = timeout(HELD_UP, self.asking.lock()).await.ok();
        {
            let known = self.known();
            if known.rounds != round
                && let Some(outcome) = &known.outcome
            {
                return outcome.clone();
            }
        }
        if let Some(asked) = &mut asked {
            if let Some(at) = **asked {
                sleep_until(at + EVERY).await;
            }
            **asked = Some(Instant::now());
        }
        let found = self.ask(links).await;
        let mut known = self.known();
        known.rounds += 1;
        let outcome = found.map(|(map, by)| known.learn(map, by));
        known.outcome = Some(outcome.clone());
        outcome
    }

    /// The first answer of any server. One that says nothing holds nobody up: the next is asked beside it.
    async fn ask(&self, links: &Weak<Nodes>) -> Result<(Map, Address), Fault> {
        let mut servers = self.servers().into_iter();
        let (mut asked, mut why) = (FuturesUnordered::new(), None);
        loop {
            match servers.next() {
                Some(server) => asked.push(self.ask_one(server, links)),
                None if asked.is_empty() => break,
                None => {}
            }
            match timeout(STAGGER, asked.next()).await {
                Ok(Some(Ok(found))) => return Ok(found),
                // That we are not let in says more than that nobody is there.
                Ok(Some(Err(fault))) if matches!(fault.class, Class::Denied | Class::Barred) => {
                    why = Some(fault);
                }
                Ok(Some(Err(fault))) => _ = why.get_or_insert(fault),
                Ok(None) | Err(_) => {}
            }
        }
        Err(why.unwrap_or_else(|| Fault::new(Class::Connection, "the cluster has no server")))
    }

    async fn ask_one(&self, server: Address, links: &Weak<Nodes>) -> Result<(Map, Address), Fault> {
        let at_hand = links.upgrade().and_then(|nodes| nodes.at_hand(&server));
        let late = match at_hand {
            Some(_) => "no answer in time",
            None => way::late(&server.connection()),
        };
        let asked = async {
            let link = match at_hand {
                Some(link) => link,
                None => self.way.open(&server.connection(), Purpose::Prompt).await?,
            };
            let mut command = redis::cmd("CLUSTER");
            command.arg("SLOTS");
            link.ask(&command).await
        };
        let named = |fault: Fault| Fault::new(fault.class, format!("{server}: {fault}"));
        let late = |_| Err(Fault::new(Class::Connection, late));
        let slots = timeout(PATIENCE, asked).await.unwrap_or_else(late);
        let slots = slots.map_err(whole).map_err(named)?;
        let map = Map::read(slots, &server).map_err(named)?;
        match map.masters() {
            [] => Err(named(Fault::new(
                Class::Connection,
                "no server has any slot",
            ))),
            _ => Ok((map, server)),
        }
    }

    fn servers(&self) -> Vec<Address> {
        let known = self.known();
        let servers = known.first.iter().chain(known.map.servers());
        let servers = servers.chain(&self.seeds).chain(&known.earlier);
        let mut met = HashSet::new();
        let mut each: Vec<_> = servers.filter(|server| met.insert(*server)).collect();
        each.sort_by_key(|server| known.last.iter().position(|last| last == *server));
        each.into_iter().cloned().collect()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// What this server says of the cluster.
    fn learn(&mut self, map: Map, by: Address) {
        let there: HashSet<_> = map.servers().collect();
        let before = self.map.servers().chain(&self.earlier);
        let gone = before.filter(|server| !there.contains(server));
        self.earlier = gone.take(MOST_EARLIER).cloned().collect();
        self.last.retain(|server| *server != by);
        let excess = self.last.len().saturating_sub(MOST_EARLIER);
        self.last.drain(..excess);
        (self.map, self.first) = (Arc::new(map), Some(by));
        let masters = self.map.masters();
        self.epochs.retain(|server, _| masters.contains(server));
        self.is_doubted = false;
    }
}

/// What a refusal means for who wants to know the cluster: what passes is a connection's, and what does
/// not has to be mended.
fn whole(fault: Fault) -> Fault {
    match fault.class {
        Class::Denied | Class::Barred if !is_of_no_command(&fault) => fault,
        Class::Odd | Class::Never | Class::Denied => Fault::new(
            Class::Denied,
            format!(
                "it is no server of a cluster ({fault}): the URL of a single one is redis://, and of \
                 sentinels redis+sentinel://"
            ),
        ),
        _ => Fault::new(Class::Connection, fault),
    }
}

/// It is asked no more often.
const EVERY: Duration = Duration::from_millis(100);
/// After so long without an answer, the next server is asked too.
const STAGGER: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(5);
/// Whoever is at it takes no longer than that.
const HELD_UP: Duration = Duration::from_secs(6);
const MOST_EARLIER: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_to_be_mended_is_told_from_what_passes() {
        let class = |class| whole(Fault::new(class, "no")).class;
        for mended in [Class::Denied, Class::Barred] {
            assert_eq!(class(mended), mended);
        }
        assert_eq!(class(Class::Odd), Class::Denied);
        assert_eq!(class(Class::Later), Class::Connection);
    }
}
