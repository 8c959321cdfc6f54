//! Groups of readers, at the server that has their stream.

use std::sync::Arc;
use std::time::Duration;

use super::super::super::{BoxFuture, Claimed, Connection, Fault, Groups, Member};
use super::nodes::Nodes;
use super::route::route;
use crate::EventId;
use crate::event::Entry;

pub(super) struct Group(pub(super) Arc<Nodes>);

impl Groups for Group {
    fn make(
        &self,
        member: &Member,
        after: Option<EventId>,
    ) -> BoxFuture<'static, Result<bool, Fault>> {
        let of = member.clone();
        route(&self.0, &member.key, move |link, _| {
            link.groups().make(&of, after)
        })
    }

    fn take(
        &self,
        member: &Member,
        count: usize,
        wait: Duration,
    ) -> BoxFuture<'static, Result<Option<Vec<Entry>>, Fault>> {
        let of = member.clone();
        route(&self.0, &member.key, move |link, _| {
            link.groups().take(&of, count, wait)
        })
    }

    fn claim(
        &self,
        member: &Member,
        idle: Duration,
        from: EventId,
        count: usize,
    ) -> BoxFuture<'static, Result<Option<Claimed>, Fault>> {
        let of = member.clone();
        route(&self.0, &member.key, move |link, _| {
            link.groups().claim(&of, idle, from, count)
        })
    }

    fn acknowledge(&self, member: &Member, id: EventId) -> BoxFuture<'static, Result<(), Fault>> {
        let of = member.clone();
        route(&self.0, &member.key, move |link, _| {
            link.groups().acknowledge(&of, id)
        })
    }

    fn forget(&self, member: &Member, idle: Duration) -> BoxFuture<'static, Result<(), Fault>> {
        let of = member.clone();
        route(&self.0, &member.key, move |link, _| {
            link.groups().forget(&of, idle)
        })
    }
}
