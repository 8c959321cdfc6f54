//! Groups of readers of one stream, each entry of which goes to one of them.

use std::sync::Arc;
use std::time::Duration;

use super::{BoxFuture, Fault};
use crate::EventId;
use crate::event::Entry;

/// A member of a group of readers of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Member {
    pub(crate) key: Arc<str>,
    pub(crate) group: Arc<str>,
    pub(crate) name: Arc<str>,
}

/// What a member has claimed, and where the next look goes on.
pub(crate) type Claimed = (Vec<Entry>, EventId);

/// What a store does for groups. What a member takes is pending until it is acknowledged.
pub(crate) trait Groups: Send + Sync {
    /// Makes the member's group, unless it is there, to begin after this entry, or the newest; false where
    /// there is no such stream.
    fn make(
        &self,
        member: &Member,
        after: Option<EventId>,
    ) -> BoxFuture<'static, Result<bool, Fault>>;

    /// At most `count` entries that none of the group has taken; where there are none, waits up to `wait`
    /// for the first. None where there is no such group.
    fn take(
        &self,
        member: &Member,
        count: usize,
        wait: Duration,
    ) -> BoxFuture<'static, Result<Option<Vec<Entry>>, Fault>>;

    /// At most `count` of the entries from this one on that have been pending for so long, for this member
    /// from now on, and from where the next look goes on, which is the start once all have been looked at. What
    /// is not on the stream any more is not pending either. None where there is no such group.
    fn claim(
        &self,
        member: &Member,
        idle: Duration,
        from: EventId,
        count: usize,
    ) -> BoxFuture<'static, Result<Option<Claimed>, Fault>>;

    /// It is pending no more.
    fn acknowledge(&self, member: &Member, id: EventId) -> BoxFuture<'static, Result<(), Fault>>;

    /// Forgets members for whom nothing is pending, and of whom nothing was heard for so long.
    fn forget(&self, member: &Member, idle: Duration) -> BoxFuture<'static, Result<(), Fault>>;
}
