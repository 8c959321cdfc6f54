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
    /// Whether it was opened after the connection for events.
    is_later: bool,
}

impl Seal {
    pub(super) fn new(store: &Arc<dyn Store>, settings: &Settings) -> Self {
        let link = |level| Link::durable(Arc::clone(store), level);
        Self {
            link: settings.durability.map(link),
            epoch: None,
            is_later: false,
        }
    }

    /// There is another connection for events.
    pub(super) fn connected(&mut self) {
        self.is_later = false;
    }

    /// Where ends wait as the two connections are of different epochs, the older of them is to be opened again:
    /// nobody asks anything on it who would notice that it is of no use. Says whether that is the one for events.
    pub(super) fn send(&mut self, delivery: &mut Delivery) -> bool {
        let Some(link) = self.link.as_mut().filter(|link| link.has_room()) else {
            return false;
        };
        let confirms = delivery.confirms(self.epoch.as_ref());
        if !confirms.is_empty() {
            link.send(None, confirms, None);
        }
        let is_other = delivery.is_kept_from_confirming(self.epoch.as_ref());
        if is_other && !self.is_later {
            link.renew(OTHER_DATA);
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
                    delivery.answer(batch, answer, now);
                }
            }
            LinkEvent::Lost { .. } => delivery.confirm_lost(),
        }
        None
    }
}

pub(super) const OTHER_DATA: &str = "it has other data than when the connection was opened";
