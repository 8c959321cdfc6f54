//! Where ends of runs have to be durable before they count: the connection on which that is waited
//! for, since such a wait holds up all that is sent after it.

use std::sync::Arc;
use std::time::Instant;

use super::link::{Link, LinkEvent};
use crate::delivery::{Delivery, Epoch};
use crate::settings::Settings;
use crate::store::Store;

/// Nothing, where nobody asked for it.
pub(super) struct Seal {
    link: Option<Link>,
    epoch: Option<Epoch>,
}

impl Seal {
    pub(super) fn new(store: &Arc<dyn Store>, settings: &Settings) -> Self {
        let link = |level| Link::durable(Arc::clone(store), level);
        Self {
            link: settings.durability.map(link),
            epoch: None,
        }
    }

    pub(super) fn send(&mut self, delivery: &mut Delivery) {
        let Some(link) = self.link.as_mut().filter(|link| link.has_room()) else {
            return;
        };
        let confirms = delivery.confirms(self.epoch.as_ref());
        if !confirms.is_empty() {
            link.send(None, confirms, None);
        }
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
                self.epoch = epoch;
                return lacks;
            }
            LinkEvent::Answers(answers) => {
                let now = Instant::now();
                for (batch, answer) in answers.batches {
                    delivery.answer(batch, answer, now);
                }
            }
            LinkEvent::Lost { .. } => delivery.confirm_lost(),
        }
        None
    }
}
