//! Where ends of runs have to be durable before they count: the connection on which that is waited
//! for, since such a wait holds up all that is sent after it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::link::{Link, LinkEvent};
use crate::delivery::{BatchId, Command, Delivery, Epoch};
use crate::settings::Settings;
use crate::store::Store;

/// Nothing, where nobody asked for it.
pub(super) struct Seal {
    link: Option<Link>,
    epoch: Option<Epoch>,
    /// Whether it was opened after the connection for events.
    is_later: bool,
    /// What each of the store's servers is to be asked next, by its number.
    waiting: HashMap<usize, Vec<(BatchId, Command)>>,
    /// The first of what each is asked just now: one may lack its replica, and no end on another waits for that.
    asked: HashMap<usize, BatchId>,
}

impl Seal {
    pub(super) fn new(store: &Arc<dyn Store>, settings: &Settings) -> Self {
        let link = |level| Link::durable(Arc::clone(store), level);
        Self {
            link: settings.durability.map(link),
            epoch: None,
            is_later: false,
            waiting: HashMap::new(),
            asked: HashMap::new(),
        }
    }

    /// There is another connection for events, and streams that are brought up to where they were before their
    /// ends are made durable.
    pub(super) fn connected(&mut self, delivery: &mut Delivery) {
        self.is_later = false;
        self.waiting.clear();
        delivery.confirm_lost();
    }

    /// Asks each server for all that has come while it was at the last, by one request. Where ends wait as the two
    /// connections are of different epochs, the older of them is to be opened again: nobody asks anything on it who
    /// would notice that it is of no use. Says whether that is the one for events.
    pub(super) fn send(&mut self, delivery: &mut Delivery) -> bool {
        let Some(link) = self.link.as_mut().filter(|link| link.is_up()) else {
            return false;
        };
        for (id, command) in delivery.confirms(self.epoch.as_ref()) {
            let server = link.server_of(command.key());
            self.waiting.entry(server).or_default().push((id, command));
        }
        let asked = &mut self.asked;
        let free = self
            .waiting
            .extract_if(|server, _| !asked.contains_key(server));
        for (server, confirms) in free.collect::<Vec<_>>() {
            self.asked
                .extend(confirms.first().map(|(id, _)| (server, *id)));
            link.send(None, confirms, None);
        }
        let is_other = delivery.is_kept_from_confirming(self.epoch.as_ref());
        if is_other && !self.is_later {
            link.renew(OTHER_DATA);
            self.lost(delivery);
        }
        is_other && self.is_later
    }

    pub(super) async fn event(&mut self) -> LinkEvent {
        match &mut self.link {
            Some(link) => link.event().await,
            None => std::future::pending().await,
        }
    }

    /// Takes in what happened; says why the store has no such thing, where it has none. That the
    /// store is away is the other connection's to say.
    pub(super) fn take(&mut self, event: LinkEvent, delivery: &mut Delivery) -> Option<String> {
        match event {
            LinkEvent::Connected { epoch, lacks, .. } => {
                (self.epoch, self.is_later) = (epoch, true);
                return lacks;
            }
            LinkEvent::Answers(answers) => {
                let now = Instant::now();
                for (batch, answer) in answers.batches {
                    self.asked.retain(|_, first| *first != batch);
                    delivery.answer(batch, answer, now);
                }
            }
            LinkEvent::Lost { .. } => self.lost(delivery),
        }
        None
    }

    fn lost(&mut self, delivery: &mut Delivery) {
        self.waiting.clear();
        self.asked.clear();
        delivery.confirm_lost();
    }
}

pub(super) const OTHER_DATA: &str = "it has other data than when the connection was opened";
