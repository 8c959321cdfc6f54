//! What is known of a cluster: which server has which slots, as the last that answered said.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, sleep_until, timeout};

use super::super::super::{Class, Fault, Purpose};
use super::super::way::Way;
use super::address::Address;
use super::map::Map;

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
    last: Option<Result<(), Fault>>,
    /// Whether something has happened since that the map may not have.
    is_doubted: bool,
    /// Who is asked first.
    first: Option<Address>,
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
    pub(super) async fn sure(&self) -> Result<(), Fault> {
        let is_sure = {
            let known = self.known();
            !known.is_doubted && matches!(known.last, Some(Ok(())))
        };
        match is_sure {
            true => Ok(()),
            false => self.refresh().await,
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
        known.first = Some(to.clone());
    }

    /// Asks anew, unless another has just done so. An error says that none of the servers answers.
    pub(super) async fn refresh(&self) -> Result<(), Fault> {
        let round = self.known().rounds;
        let mut asked = self.asking.lock().await;
        {
            let known = self.known();
            if known.rounds != round
                && let Some(last) = &known.last
            {
                return last.clone();
            }
        }
        if let Some(at) = *asked {
            sleep_until(at + EVERY).await;
        }
        *asked = Some(Instant::now());
        let found = self.ask().await;
        let mut known = self.known();
        known.rounds += 1;
        let last = found.map(|(map, first)| {
            (known.map, known.first) = (Arc::new(map), Some(first));
            known.is_doubted = false;
        });
        known.last = Some(last.clone());
        last
    }

    /// The first answer of any server. One that says nothing holds nobody up: the next is asked beside it.
    async fn ask(&self) -> Result<(Map, Address), Fault> {
        let mut servers = self.servers().into_iter();
        let (mut asked, mut why) = (FuturesUnordered::new(), None);
        loop {
            match servers.next() {
                Some(server) => asked.push(self.ask_one(server)),
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

    async fn ask_one(&self, server: Address) -> Result<(Map, Address), Fault> {
        let asked = async {
            let link = self.way.open(&server.connection(), Purpose::Prompt).await?;
            let mut command = redis::cmd("CLUSTER");
            command.arg("SLOTS");
            link.ask(&command).await
        };
        let named = |fault: Fault| Fault::new(fault.class, format!("{server}: {fault}"));
        let late = || Fault::new(Class::Connection, "no answer in time");
        let slots = timeout(PATIENCE, asked)
            .await
            .unwrap_or_else(|_| Err(late()));
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
        let mut each: Vec<Address> = Vec::new();
        for server in servers.chain(&self.seeds) {
            if !each.contains(server) {
                each.push(server.clone());
            }
        }
        each
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a refusal means for who wants to know the cluster: what passes is a connection's, and what does
/// not has to be mended.
fn whole(fault: Fault) -> Fault {
    match fault.class {
        Class::Odd | Class::Never => Fault::new(
            Class::Denied,
            format!("it is no server of a cluster ({fault}): the URL of a single one is redis://"),
        ),
        Class::Denied => fault,
        _ => Fault::new(Class::Connection, fault),
    }
}

/// It is asked no more often.
const EVERY: Duration = Duration::from_millis(100);
/// After so long without an answer, the next server is asked too.
const STAGGER: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(2);
