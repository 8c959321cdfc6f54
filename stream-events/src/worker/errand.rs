//! One request on its way: what is asked of a connection, and what comes back.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{OptionFuture, join3};

use super::few::Few;
use super::index::Piece;
use super::leases::{self, Told};
use super::spooling::Restored;
use crate::delivery::{Answer, BatchId, Confirm, Look};
use crate::event::Entry;
use crate::index::Shards;
use crate::lost;
use crate::reader::page::SMALLEST_PAGE;
use crate::settings::{Durability, Settings};
use crate::spool::Leftover;
use crate::store::{Append, Appended, BoxFuture, Class, Connection, Fault, LeaseTurn};

/// What came of one request.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) batches: Vec<(BatchId, Answer)>,
    pub(super) leases: Few<Told>,
    pub(super) index: Option<Indexed>,
    pub(super) restored: Option<Restored>,
}

/// What was told to the index, and what came of it.
pub(super) type Indexed = (Arc<Piece>, Result<Vec<Appended>, Fault>);

/// The leases are polled first, and so are there before the events; the index, which is about others, comes
/// last.
pub(super) fn append(
    connection: &dyn Connection,
    turns: Few<Arc<LeaseTurn>>,
    ids: Vec<BatchId>,
    appends: Vec<Arc<Append>>,
    index: Option<Arc<Piece>>,
) -> BoxFuture<'static, Result<Answers, Fault>> {
    let leased = turns.into_iter().map(|turn| {
        let leased = connection.lease(Arc::clone(&turn));
        leased.map(|leased| (turn, leased))
    });
    let leased: Few<_> = leased.collect();
    let appended = (!ids.is_empty()).then(|| connection.append(appends));
    let told = index.map(|piece| {
        let told = connection.append(piece.appends.clone());
        told.map(|told| (piece, told))
    });
    Box::pin(async move {
        let all = join3(
            leased.all(),
            OptionFuture::from(appended),
            OptionFuture::from(told),
        );
        let (leased, appended, index) = all.await;
        let appended = appended.transpose()?.unwrap_or_default();
        let answers = appended.into_iter().map(Answer::Appended);
        let leased = leased.into_iter().map(|(turn, leased)| match leased {
            Err(fault) if fault.class == Class::Connection => Err(fault),
            leased => Ok(Told::Turn(turn, leased)),
        });
        let leases = leased.collect::<Result<_, _>>()?;
        let index = match index {
            Some((_, Err(fault))) if fault.class == Class::Connection => return Err(fault),
            index => index,
        };
        Ok(Answers {
            batches: ids.into_iter().zip(answers).collect(),
            leases,
            index,
            ..Answers::default()
        })
    })
}

/// Looks whether others have declared a run lost.
pub(super) fn look_for_loss(
    connection: &Arc<dyn Connection>,
    look: leases::Look,
) -> BoxFuture<'static, Result<Answers, Fault>> {
    let connection = Arc::clone(connection);
    Box::pin(async move {
        let Some(run) = look.run.upgrade() else {
            return Ok(Answers::default());
        };
        let (key, id) = (Arc::clone(&run.lane.key), run.id().to_owned());
        // It is not for us to keep the run.
        drop(run);
        let told = match lost::is_declared(connection, key, id, look.since).await {
            Err(fault) if fault.class == Class::Connection => return Err(fault),
            told => Told::Look(look, told),
        };
        Ok(Answers {
            leases: Few::from_iter([told]),
            ..Answers::default()
        })
    })
}

/// Looks at a stream where it refused ids of ours.
pub(super) fn look(
    connection: &Arc<dyn Connection>,
    id: BatchId,
    look: Look,
) -> BoxFuture<'static, Result<Answers, Fault>> {
    let info = connection.info(&look.key);
    let entries = entries(connection, look);
    Box::pin(async move {
        let seen = async {
            // In this order: what arrives late, between the two, is then among the entries.
            let info = info.await?.map(Box::new);
            let entries = entries.await?;
            Ok(Answer::Seen { entries, info })
        };
        match seen.await as Result<Answer, Fault> {
            Err(fault) if fault.class == Class::Connection => Err(fault),
            seen => Ok(Answers {
                batches: vec![(id, seen.unwrap_or_else(Answer::Refused))],
                ..Answers::default()
            }),
        }
    })
}

/// What is looked at, page by page, the first of which is asked for at the call: each answer has to be there in time,
/// and behind small events may be large ones.
fn entries(
    connection: &Arc<dyn Connection>,
    look: Look,
) -> impl Future<Output = Result<Vec<Entry>, Fault>> + use<> {
    let connection = Arc::clone(connection);
    let mut asked = look.count.min(SMALLEST_PAGE);
    let mut page = connection.range(&look.key, look.from, look.to, asked);
    async move {
        let mut entries = Vec::new();
        loop {
            let read = page.await?;
            let is_full = read.len() >= asked;
            entries.extend(read);
            asked = SMALLEST_PAGE.min(look.count.saturating_sub(entries.len()));
            match entries.last() {
                Some(last) if is_full && asked > 0 && last.id < look.to => {
                    page = connection.range(&look.key, last.id.next(), look.to, asked);
                }
                _ => return Ok(entries),
            }
        }
    }
}

/// Waits for all of them at once.
pub(super) fn confirm(
    connection: &dyn Connection,
    level: Durability,
    confirms: &[(BatchId, Confirm)],
) -> BoxFuture<'static, Result<Answers, Fault>> {
    let written = confirms
        .iter()
        .map(|(_, written)| (&*written.key, written.expire));
    let confirmed = connection.confirm(&written.collect::<Vec<_>>(), level);
    let ids: Vec<_> = confirms.iter().map(|(id, _)| *id).collect();
    Box::pin(async move {
        let confirmed = match confirmed.await {
            Err(fault) if fault.class == Class::Connection => return Err(fault),
            Err(fault) => vec![Err(fault); ids.len()],
            Ok(confirmed) => confirmed,
        };
        let answers = confirmed.into_iter().map(Answer::Confirmed);
        Ok(Answers {
            batches: ids.into_iter().zip(answers).collect(),
            ..Answers::default()
        })
    })
}

/// Brings to its stream what is left of a run whose process is gone.
pub(super) fn restore(
    connection: &Arc<dyn Connection>,
    leftover: Arc<Leftover>,
    settings: Arc<Settings>,
    shards: Shards,
) -> BoxFuture<'static, Result<Answers, Fault>> {
    let connection = Arc::clone(connection);
    Box::pin(async move {
        let written = match leftover.restore(&*connection, &settings, shards).await {
            Err(fault) if fault.class == Class::Connection => return Err(fault),
            written => written,
        };
        Ok(Answers {
            restored: Some(Restored { leftover, written }),
            ..Answers::default()
        })
    })
}
